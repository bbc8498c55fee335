internal import AdmissionWebhooks
internal import ArgumentParser
internal import KubernetesAPI
internal import SidecarInjection
internal import StreamingJSON
internal import YAML

/// `skein analyze`.
struct AnalyzeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "analyze", abstract: "Judge files by Istio's rules, without a server.",
    discussion: """
      Prints one line for each finding, as file:line:column: what the validating webhook would refuse, \
      and annotations of workloads that injection could not follow. Of kinds that are not the mesh's nothing \
      else is judged. The exit code is 0 when every object can \
      be used, 65 when one cannot, and 66 when a file does not exist.
      """)

  @Option(
    name: [.customShort("f"), .long], help: ArgumentHelp("YAML or JSON.", valueName: "file-or-dir"))
  var filename: [String]

  @Option(name: .shortAndLong, help: "The namespace of objects that name none.")
  var namespace = "default"

  @Flag(help: "Treat warnings as errors.")
  var strict = false

  @Option(name: [.customShort("o"), .long], help: "text, or json: a list of findings.")
  var output = Output.text

  /// How findings are printed.
  enum Output: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
  }

  func run() async throws {
    var workloads: [YAMLDocument] = []
    let (entries, faults) = try ManifestFiles.read(filename, namespace: namespace) {
      workloads.append($0)
      return true
    }
    var errors = faults.map { Finding(fault: $0) }
    // Of kinds that are not Skein's, what injection reads is judged: a StatefulSet has pods too.
    for document in workloads {
      let own = document.value[path: ["metadata", "namespace"]]?.stringValue
      errors += Self.injectionIssues(document.value, own ?? namespace).map {
        Finding(document, $0)
      }
    }
    var warnings: [Finding] = []
    var places: [String: String] = [:]
    for entry in entries {
      let document = entry.document
      let subject = "\(entry.resource.kind) \(entry.key)"
      let place = "\(document.file):\(document.position(of: "metadata.name"))"
      if let other = places.updateValue(place, forKey: subject) {
        warnings.append(
          Finding(
            entry,
            FieldIssue(
              path: "metadata.name", message: "\(subject) is also at \(other)", severity: .warning))
        )
      }
      for issue in Self.issues(of: entry) {
        let finding = Finding(entry, issue)
        if issue.severity == .error { errors.append(finding) } else { warnings.append(finding) }
      }
    }
    switch output {
    case .text: for finding in errors + warnings { print(finding.text) }
    case .json:
      let list = JSONValue.array((errors + warnings).map(\.json))
      print(String(decoding: list.serialized(), as: UTF8.self))
    }
    StandardError.write(
      "\(entries.count + workloads.count) objects, \(errors.count) errors, \(warnings.count) warnings"
    )
    if !errors.isEmpty || (strict && !warnings.isEmpty) { throw ExitCode(65) }
  }

  private static func issues(of entry: ManifestFiles.Entry) -> [FieldIssue] {
    var object = entry.document.value
    if entry.resource.isNamespaced {
      object[path: ["metadata", "namespace"]] = .string(entry.key.namespace)
    }
    let reader: JSONReader
    do throws(JSONDecodingError) {
      reader = try JSONReader(object.serialized())
    } catch {
      return [FieldIssue(error)]
    }
    if KubernetesResource.istio.contains(entry.resource) {
      return ObjectVerdict.issues(of: entry.resource, reader)
    }
    return decodingIssues(entry.resource, reader) + injectionIssues(object, entry.key.namespace)
  }

  private static func decodingIssues(
    _ resource: KubernetesResource, _ reader: JSONReader
  ) -> [FieldIssue] {
    do throws(JSONDecodingError) {
      return switch resource {
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
  /// Annotations for injection that the webhook would refuse.
  private static func injectionIssues(_ object: JSONValue, _ namespace: String) -> [FieldIssue] {
    do throws(InjectionError) {
      _ = try ManifestInjection.inject(
        object, namespace: namespace, injector: PodInjector(configuration: InjectionConfiguration())
      )
      return []
    } catch {
      // Which templates an installation has, a file does not say.
      guard !error.path.hasSuffix(#"["inject.istio.io/templates"]"#) else { return [] }
      return [FieldIssue(path: error.path, message: error.message, remedy: error.remedy)]
    }
  }

  /// What is to be said about one place of a file.
  private struct Finding {
    var text: String
    var json: JSONValue

    /// A file or document that is no object at all.
    init(fault: String) {
      text = fault
      json = ["severity": "error", "message": .string(fault)]
    }

    init(_ entry: ManifestFiles.Entry, _ issue: FieldIssue) {
      self.init(entry.document, kind: entry.resource.kind, entry.key, issue)
    }

    /// A finding about an object of a kind that is none of Skein's.
    init(_ document: YAMLDocument, _ issue: FieldIssue) {
      let metadata = document.value["metadata"]
      let key = ObjectKey(
        namespace: metadata?["namespace"]?.stringValue ?? "",
        name: metadata?["name"]?.stringValue ?? "")
      self.init(document, kind: document.value["kind"]?.stringValue ?? "", key, issue)
    }

    private init(
      _ document: YAMLDocument, kind: String, _ key: ObjectKey, _ issue: FieldIssue
    ) {
      let file = document.file
      let position = document.position(of: issue.path)
      text = "\(file):\(position): \(issue.severity.rawValue): \(kind) \(key): \(issue)"
      json = [
        "file": .string(file), "line": .integer(Int64(position.line)),
        "column": .integer(Int64(position.column)),
        "severity": .string(issue.severity.rawValue), "kind": .string(kind),
        "namespace": .string(key.namespace), "name": .string(key.name),
        "field": .string(issue.path), "message": .string(issue.message),
      ]
      if let remedy = issue.remedy { json["remedy"] = .string(remedy) }
    }
  }
}
