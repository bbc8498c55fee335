internal import ArgumentParser
internal import KubernetesAPI
internal import KubernetesClient

/// `skein delete`.
struct DeleteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Delete objects, by name or as files name them.")

  @OptionGroup var connection: ConnectionOptions

  @Option(
    name: [.customShort("f"), .long], help: ArgumentHelp("YAML or JSON.", valueName: "file-or-dir"))
  var filename: [String] = []

  @Argument(help: "The kind, such as vs or services.")
  var kind: ResourceName?

  @Argument(help: "The names.")
  var names: [String] = []

  func validate() throws {
    guard filename.isEmpty != (kind == nil) else {
      throw ValidationError("give -f FILE, or a kind and names")
    }
    guard kind == nil || !names.isEmpty else { throw ValidationError("give the names to delete") }
  }

  func run() async throws {
    let (entries, faults) = try ManifestFiles.read(filename, namespace: connection.namespace)
    var targets = entries.reversed().map { ($0.resource, $0.key) }
    if let resource = kind?.resource {
      let namespace = resource.isNamespaced ? connection.namespace : ""
      targets += names.map { (resource, ObjectKey(namespace: namespace, name: $0)) }
    }
    var failures = faults
    var code: Int32 = faults.isEmpty ? 0 : 65
    try await connection.withClient { client in
      for (resource, key) in targets {
        do throws(KubernetesClientError) {
          try await client.delete(resource, key)
          print("\(resource.singular)/\(key.name) deleted")
        } catch {
          if case .unreachable = error { throw error }
          failures.append(error.description)
          code = ConnectionOptions.exitCode(of: error)
        }
      }
    }
    for failure in failures { StandardError.write(failure) }
    if code != 0 { throw ExitCode(code) }
  }
}
