internal import AdmissionWebhooks
internal import ArgumentParser
internal import KubernetesAPI
internal import StreamingJSON
internal import YAML

/// `skein analyze`.
struct AnalyzeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "analyze", abstract: "Judge files by Istio's rules, without a server.",
    discussion: """
      Prints one line for each finding, as file:line:column. The exit code is 0 when every object can \
      be used, 65 when one cannot, and 66 when a file does not exist.
      """)

  @Option(
    name: [.customShort("f"), .long], help: ArgumentHelp("YAML or JSON.", valueName: "file-or-dir"))
  var filename: [String]

  @Flag(help: "Treat warnings as errors.")
  var strict = false

  func run() async throws {
    let (entries, faults) = try ManifestFiles.read(filename, namespace: "default")
    var errors = faults
    var warnings: [String] = []
    var places: [String: String] = [:]
    for entry in entries {
      let document = entry.document
      let subject = "\(entry.resource.kind) \(entry.key)"
      let place = "\(document.file):\(document.position(of: "metadata.name"))"
      if let other = places.updateValue(place, forKey: subject) {
        warnings.append("\(place): warning: \(subject) is also at \(other)")
      }
      for issue in try Self.issues(of: entry) {
        let place = "\(document.file):\(document.position(of: issue.path))"
        let line = "\(place): \(issue.severity.rawValue): \(subject): \(issue)"
        if issue.severity == .error { errors.append(line) } else { warnings.append(line) }
      }
    }
    for line in errors + warnings { print(line) }
    StandardError.write(
      "\(entries.count) objects, \(errors.count) errors, \(warnings.count) warnings")
    if !errors.isEmpty || (strict && !warnings.isEmpty) { throw ExitCode(65) }
  }

  private static func issues(of entry: ManifestFiles.Entry) throws -> [FieldIssue] {
    let reader: JSONReader
    do throws(JSONDecodingError) {
      reader = try JSONReader(entry.document.value.serialized())
    } catch {
      return [FieldIssue(error)]
    }
    if KubernetesResource.istio.contains(entry.resource) {
      return ObjectVerdict.issues(of: entry.resource, reader)
    }
    do throws(JSONDecodingError) {
      return switch entry.resource {
      case .services: try DecodedObject<Service>(decoding: reader).issues
      case .pods: try DecodedObject<Pod>(decoding: reader).issues
      case .endpointSlices: try DecodedObject<EndpointSlice>(decoding: reader).issues
      case .secrets: try DecodedObject<Secret>(decoding: reader).issues
      case .configMaps: try DecodedObject<ConfigMap>(decoding: reader).issues
      default: try DecodedObject<Node>(decoding: reader).issues
      }
    } catch {
      return [FieldIssue(error)]
    }
  }
}
