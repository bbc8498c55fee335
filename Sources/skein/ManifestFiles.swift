internal import ArgumentParser
internal import FoundationEssentials
internal import KubernetesAPI
internal import StreamingJSON
internal import YAML

/// Objects in YAML files, for commands that take `-f`.
enum ManifestFiles {
  /// An object in a file and what it names.
  struct Entry {
    var document: YAMLDocument
    var resource: KubernetesResource
    var version: String
    var key: ObjectKey
  }

  /// The objects of files and folders (`-` is standard input), with one line for each fault; an object of
  /// a kind that is none of Skein's is one, unless `passOver` takes it.
  static func read(
    _ paths: [String], namespace: String, passOver: (YAMLDocument) -> Bool = { _ in false }
  ) throws -> (entries: [Entry], faults: [String]) {
    var entries: [Entry] = []
    var faults: [String] = []
    for path in try paths.flatMap(expand) {
      do throws(YAMLError) {
        for document in try YAMLReader.documents(contents(path, &faults), file: path) {
          for item in items(document) where !(isForeign(item) && passOver(item)) {
            switch entry(item, namespace: namespace) {
            case .success(let entry): entries.append(entry)
            case .failure(let fault): faults.append(fault.text)
            }
          }
        }
      } catch {
        faults.append(error.description)
      }
    }
    return (entries, faults)
  }

  /// Whether an object is of a kind that is none of Skein's.
  private static func isForeign(_ document: YAMLDocument) -> Bool {
    guard let apiVersion = document.value["apiVersion"]?.stringValue,
      let kind = document.value["kind"]?.stringValue
    else { return false }
    return KubernetesResource.find(apiVersion: apiVersion, kind: kind) == nil
      && !apiVersion.contains(".istio.io/")
  }

  private struct Fault: Error {
    var text: String
  }

  private static func entry(
    _ document: YAMLDocument, namespace: String
  ) -> Result<Entry, Fault> {
    func fault(_ path: String, _ message: String) -> Result<Entry, Fault> {
      .failure(Fault(text: "\(document.file):\(document.position(of: path)): \(message)"))
    }
    let value = document.value
    guard let apiVersion = value["apiVersion"]?.stringValue, let kind = value["kind"]?.stringValue
    else { return fault("", "apiVersion or kind is missing") }
    guard let resource = KubernetesResource.find(apiVersion: apiVersion, kind: kind) else {
      return fault("kind", "\(apiVersion) \(kind) is not a known kind")
    }
    guard let name = value[path: ["metadata", "name"]]?.stringValue, !name.isEmpty else {
      return fault("metadata", "metadata.name is missing")
    }
    let given = value[path: ["metadata", "namespace"]]?.stringValue ?? ""
    let version = apiVersion.split(separator: "/").last.map(String.init) ?? apiVersion
    let place = !resource.isNamespaced ? "" : given.isEmpty ? namespace : given
    return .success(
      Entry(
        document: document, resource: resource, version: version,
        key: ObjectKey(namespace: place, name: name)))
  }

  /// The objects of a document: itself, or those of a List.
  static func items(_ document: YAMLDocument) -> [YAMLDocument] {
    guard document.value["kind"] == "List", let items = document.value["items"]?.arrayValue else {
      return [document]
    }
    return items.enumerated().map { index, item in
      YAMLDocument(
        value: item, file: document.file, start: document.position(of: "items[\(index)]"))
    }
  }

  /// The bytes of a file, or of standard input for `-`.
  static func contents(_ path: String, _ faults: inout [String]) -> [UInt8] {
    if path == "-" {
      var bytes: [UInt8] = []
      while let line = readLine(strippingNewline: false) { bytes += Array(line.utf8) }
      return bytes
    }
    guard let data = FileManager.default.contents(atPath: path) else {
      faults.append("\(path):1:1: the file cannot be read")
      return []
    }
    return Array(data)
  }

  /// The files that a path stands for.
  static func expand(_ path: String) throws -> [String] {
    guard path != "-" else { return [path] }
    let target = URL(filePath: path).resolvingSymlinksInPath().path(percentEncoded: false)
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: target) else {
      StandardError.write("error: \(path) does not exist")
      throw ExitCode(66)
    }
    guard attributes[.type] as? FileAttributeType == .typeDirectory else { return [path] }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.filter { name in
      !name.hasPrefix(".") && [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) }
    }.sorted().map { "\(path)/\($0)" }
  }
}
