internal import Installation
internal import StreamingJSON
import Testing
internal import YAML

/// Reads the chart's templates without a helm: their expressions are few, so a reader of these few says
/// what helm makes of them.
@Suite struct ChartTests {
  private static var files: [String: String] {
    Dictionary(
      uniqueKeysWithValues: ManifestText.files.compactMap { path, text in
        path.hasPrefix("chart/") ? (String(path.dropFirst("chart/".count)), text) : nil
      })
  }

  /// What a template yields for some values; nil where it uses an expression that is not known here.
  private static func render(_ template: String, _ values: JSONValue) -> String? {
    var lines = template.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if let first = lines.first, first.hasPrefix("{{- if ") {
      guard lines.dropLast().last == "{{- end }}" else { return nil }
      let test = first.dropFirst("{{- if ".count).dropLast(" }}".count)
      let isOn: Bool
      if test == "eq .Values.revision \"default\"" {
        isOn = values["revision"] == "default"
      } else {
        let names = test.split(separator: " ").filter { $0 != "and" }
        guard names.allSatisfy({ $0.hasPrefix(".Values.") }) else { return nil }
        isOn = names.allSatisfy { values[String($0.dropFirst(".Values.".count))] == true }
      }
      guard isOn else { return "" }
      lines = Array(lines.dropFirst().dropLast(2))
    }
    var text = lines.joined(separator: "\n") + "\n"
    let scaled = #/  \{\{- if not \.Values\.autoscaling \}\}\n(.*)\n  \{\{- end \}\}\n/#
    for match in text.matches(of: scaled).reversed() {
      text.replaceSubrange(
        match.range, with: values["autoscaling"] == true ? "" : match.output.1 + "\n")
    }
    for match in text.matches(
      of: #/\{\{ if ne \.Values\.(\w+) `([^`]*)` \}\}(.*?)\{\{ end \}\}/#
    ).reversed() {
      let isOther = values[String(match.output.1)]?.stringValue != String(match.output.2)
      text.replaceSubrange(match.range, with: isOther ? String(match.output.3) : "")
    }
    for match in text.matches(of: #/\{\{ (?:int )?\.Values\.(\w+) \}\}/#).reversed() {
      guard let value = values[String(match.output.1)] else { return nil }
      let plain = value.stringValue ?? String(decoding: value.serialized(), as: UTF8.self)
      text.replaceSubrange(match.range, with: plain)
    }
    return text.contains("{{") ? nil : text
  }

  private static func documents(_ text: String) throws -> [JSONValue] {
    try YAMLReader.documents(Array(text.utf8), file: "chart").map(\.value)
  }

  @Test(arguments: [
    [], ["revision=canary"], ["namespace=mesh", "revision=v2"], ["gateway=false"],
    ["autoscaling=false", "replicas=4", "image=registry.example/skein:1"],
    ["accessLogFile=/dev/stdout"],
  ])
  func `the chart yields what install applies`(assignments: [String]) throws {
    var values = InstallationValues(profile: .default)
    for assignment in assignments { try values.set(assignment) }
    var rendered: [JSONValue] = []
    for (path, text) in Self.files where path.hasPrefix("templates/") {
      let yaml = try #require(Self.render(text, values.object), "\(path)")
      rendered += try Self.documents(yaml)
    }
    let applied = Installation(values: values).objects.map(\.value)
      .filter { $0["kind"] != "Namespace" }
    #expect(rendered.count == applied.count)
    for object in applied { #expect(rendered.contains(object), "\(object["metadata"] ?? .null)") }
  }

  @Test func `the chart has a head, and every value with its default`() throws {
    let head = try #require(try Self.documents(Self.files["Chart.yaml"] ?? "").first)
    #expect(head["apiVersion"] == "v2")
    #expect(head["name"] == "skein")
    #expect(head["version"]?.stringValue?.split(separator: ".").count == 3)
    let values = try #require(try Self.documents(Self.files["values.yaml"] ?? "").first)
    #expect(values == InstallationValues(profile: .default).object)
    let used = Self.files.filter { $0.key.hasPrefix("templates/") }.values.joined()
    for entry in InstallationValues.entries {
      #expect(used.contains(".Values.\(entry.name) "), "\(entry.name) is used nowhere")
    }
  }
}
