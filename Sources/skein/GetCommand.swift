internal import ArgumentParser
internal import FoundationEssentials
internal import KubernetesAPI
internal import KubernetesClient
internal import StreamingJSON
internal import YAML

/// `skein get`.
struct GetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "get", abstract: "Show objects.")

  /// How objects are shown.
  enum Output: String, ExpressibleByArgument, CaseIterable {
    case table
    case json
    case yaml
    case name
  }

  @OptionGroup var connection: ConnectionOptions

  @Option(name: [.customShort("o"), .long], help: "table, json, yaml or name.")
  var output = Output.table

  @Flag(name: [.customShort("A"), .long], help: "Show the objects of every namespace.")
  var allNamespaces = false

  @Argument(help: "The kind, such as vs or services.")
  var kind: ResourceName

  @Argument(help: "The name of one object.")
  var name: String?

  func run() async throws {
    let resource = kind.resource
    let namespace = allNamespaces || !resource.isNamespaced ? nil : connection.namespace
    let objects = try await connection.withClient { client -> [JSONValue] in
      if let name {
        let key = ObjectKey(namespace: namespace ?? "", name: name)
        return [try await client.get(resource, key)]
      }
      return try await client.list(resource, namespace: namespace)
    }
    switch output {
    case .table: printTable(objects)
    case .name:
      for object in objects { print("\(resource.singular)/\(metadata("name", of: object))") }
    case .json: print(String(decoding: document(objects).serialized(), as: UTF8.self))
    case .yaml: print(YAMLWriter.text(document(objects)), terminator: "")
    }
  }

  private func document(_ objects: [JSONValue]) -> JSONValue {
    if name != nil, let object = objects.first { return object }
    return ["apiVersion": "v1", "kind": "List", "items": .array(objects)]
  }

  private func printTable(_ objects: [JSONValue]) {
    if objects.isEmpty {
      StandardError.write("no \(kind.resource.plural) found")
      return
    }
    var table = TextTable(["NAMESPACE", "NAME", "GENERATION", "AGE"])
    let now = Int64(Date().timeIntervalSince1970)
    for object in objects {
      let created = Timestamp(metadata("creationTimestamp", of: object))
      let generation = object[path: ["metadata", "generation"]]?.integerValue
      table.add([
        metadata("namespace", of: object), metadata("name", of: object),
        generation.map(String.init) ?? "", created.map { "\(max(0, now - $0.seconds))s" } ?? "",
      ])
    }
    print(table.text)
  }

  private func metadata(_ field: String, of object: JSONValue) -> String {
    object[path: ["metadata", field]]?.stringValue ?? ""
  }
}
