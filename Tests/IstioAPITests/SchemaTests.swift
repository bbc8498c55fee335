internal import Foundation
internal import IstioAPI
import MeshTesting
internal import StreamingJSON
import Testing
internal import YAML

@Suite struct SchemaTests {
  private static let kinds = [
    "AuthorizationPolicy", "DestinationRule", "EnvoyFilter", "Gateway", "PeerAuthentication",
    "ProxyConfig", "RequestAuthentication", "ServiceEntry", "Sidecar", "Telemetry",
    "VirtualService", "WasmPlugin", "WorkloadEntry", "WorkloadGroup",
  ]

  private static func folder(_ path: String) -> String {
    EnvoyBinary.packageFolder + "/" + path
  }

  // MARK: Decoders

  /// Wraps a value in the objects that lead to a path of fields.
  private static func document(_ path: [String], _ value: JSONValue) -> JSONValue {
    path.reversed().reduce(value) { value, part in
      part == "[]" ? [value] : .object(JSONObject()).with(part, value)
    }
  }

  /// Every object of a schema: how to get there, and the fields it has.
  private static func objects(
    _ schema: StructuralSchema, _ path: [String] = ["spec"]
  ) -> [(path: [String], fields: [String])] {
    switch schema.shape {
    case .list(let element, _, _): objects(element, path + ["[]"])
    case .map(let value, _, _): objects(value, path + ["80"])
    case .object(let fields, _):
      [(path, fields.map(\.name))]
        + fields.flatMap { objects($0.schema, path + [$0.name]) }
    default: []
    }
  }

  /// Whether the decoder of a kind knows a field of the object at a path.
  private static func knows(_ kind: IstioKind, _ path: [String], _ field: String) throws -> Bool {
    let document = document(path, .object(JSONObject()).with(field, [:]))
    return kind.check(try JSONReader(document.serialized())).unknownFields.isEmpty
  }

  /// Every name that stands in a decoder's source.
  private static func names() throws -> Set<String> {
    let folder = folder("Sources/IstioAPI")
    var names: Set<String> = []
    for file in try FileManager.default.contentsOfDirectory(atPath: folder)
    where file.hasSuffix(".swift") {
      let source = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
      for match in source.matches(of: #/case ((?:"[A-Za-z0-9]+",? ?)+):/#) {
        for word in match.output.1.split(separator: "\"") where word.first?.isLetter == true {
          names.insert(String(word))
        }
      }
    }
    return names
  }

  @Test(arguments: IstioKind.allCases)
  func `the decoder knows the fields of the schema and no others`(kind: IstioKind) throws {
    let schema = try #require(StructuralSchema.specification(of: kind.rawValue))
    let names = try Self.names()
    #expect(names.count > 200)
    var probed = 0
    for (path, fields) in Self.objects(schema) {
      let place = path.joined(separator: ".")
      for field in fields {
        #expect(try Self.knows(kind, path, field), "\(place).\(field) is not decoded")
      }
      // What is kept as it is written has no decoder of its own.
      guard try !Self.knows(kind, path, "noSuchField") else { continue }
      probed += 1
      for name in names.subtracting(fields) {
        #expect(
          try !Self.knows(kind, path, name), "\(place).\(name) is decoded and not in the schema")
      }
    }
    #expect(probed > 0)
  }

  // MARK: The published fields

  @Test func `the schemas have the fields of Istio's API and no others`() throws {
    let path = Self.folder("../shared/reference/istio-api-fields.tsv")
    guard let table = try? String(contentsOfFile: path, encoding: .utf8) else {
      print("SKIPPED: there is no table of Istio's fields at \(path)")
      return
    }
    var published: [String: Set<String>] = [:]
    for line in table.split(separator: "\n").dropFirst() {
      let columns = line.split(separator: "\t", maxSplits: 2, omittingEmptySubsequences: false)
      published[String(columns[0]), default: []].insert(String(columns[1]))
    }
    for kind in Self.kinds {
      let schema = try #require(StructuralSchema.specification(of: kind))
      let own = Set(["spec"] + schema.fieldPaths(below: "spec"))
      #expect(own.subtracting(published[kind] ?? []).sorted() == [], "\(kind): not published")
      #expect((published[kind] ?? []).subtracting(own).sorted() == [], "\(kind): missing")
    }
  }

  // MARK: Documents

  @Test func `valid documents pass the schemas`() throws {
    var files = ["bookinfo", "validation", "authorization"].flatMap { name -> [String] in
      let folder = Self.folder("../shared/conformance/\(name)")
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      return names.filter { $0.hasSuffix(".yaml") && !$0.contains("-invalid") }
        .map { "\(folder)/\($0)" }
    }
    if files.isEmpty { print("SKIPPED in part: there are no conformance documents") }
    let fixtures = Self.folder("Tests/EnvoyTranslationTests/Fixtures")
    files += try FileManager.default.contentsOfDirectory(atPath: fixtures).map {
      "\(fixtures)/\($0)/mesh.yaml"
    }
    var checked = 0
    for file in files {
      let text = try String(contentsOfFile: file, encoding: .utf8)
      for document in (try? YAMLReader.documents(Array(text.utf8), file: file)) ?? [] {
        guard let kind = document.value["kind"]?.stringValue,
          document.value["apiVersion"]?.stringValue?.contains("istio.io/") == true,
          let schema = StructuralSchema.specification(of: kind)
        else { continue }
        let verdict = schema.violations(in: document.value["spec"] ?? [:], at: "spec")
        #expect(verdict.errors == [], "\(file): \(kind)")
        #expect(verdict.unknown == [], "\(file): \(kind)")
        checked += 1
      }
    }
    #expect(checked > 30)
  }

  @Test func `what a schema forbids is told with its path`() throws {
    let schema = try #require(StructuralSchema.specification(of: "DestinationRule"))
    let value: JSONValue = [
      "subsets": [["name": 1, "future": true]],
      "trafficPolicy": ["tls": ["mode": "SOMETIMES"], "portLevelSettings": [:]],
    ]
    let verdict = schema.violations(in: value, at: "spec")
    #expect(
      verdict.errors.sorted() == [
        "spec.host: Required value", "spec.subsets[0].name: must be of type string",
        "spec.trafficPolicy.portLevelSettings: must be of type array",
        "spec.trafficPolicy.tls.mode: one of DISABLE, SIMPLE, MUTUAL, ISTIO_MUTUAL",
      ])
    #expect(verdict.unknown == ["spec.subsets[0].future"])
  }
}

extension JSONValue {
  fileprivate func with(_ key: String, _ value: JSONValue) -> JSONValue {
    var object = self
    object[key] = value
    return object
  }
}
