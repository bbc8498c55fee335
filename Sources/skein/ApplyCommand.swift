internal import ArgumentParser
internal import KubernetesAPI
internal import KubernetesClient
internal import StreamingJSON
internal import YAML

/// `skein apply`.
struct ApplyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply", abstract: "Make objects be as files say.",
    discussion: "A file, a folder of files, or - for standard input. kubectl apply works too.")

  @OptionGroup var connection: ConnectionOptions

  @Option(
    name: [.customShort("f"), .long], help: ArgumentHelp("YAML or JSON.", valueName: "file-or-dir"))
  var filename: [String]

  @Flag(help: "Only rehearse; nothing is stored.")
  var dryRun = false

  func run() async throws {
    let (entries, faults) = try ManifestFiles.read(filename, namespace: connection.namespace)
    var failures = faults
    var code: Int32 = faults.isEmpty ? 0 : 65
    let suffix = dryRun ? " (dry run)" : ""
    try await connection.withClient { client in
      for entry in entries {
        let subject = "\(entry.resource.singular)/\(entry.key.name)"
        do throws(KubernetesClientError) {
          let answer = try await client.apply(
            entry.document.value, as: entry.resource, version: entry.version, key: entry.key,
            isDryRun: dryRun)
          for warning in answer.warnings { StandardError.write("warning: \(subject): \(warning)") }
          print("\(subject) \(answer.isCreated ? "created" : "applied")\(suffix)")
        } catch {
          if case .unreachable = error { throw error }
          failures.append("\(entry.document.file):\(entry.document.start): \(subject): \(error)")
          code = ConnectionOptions.exitCode(of: error)
        }
      }
    }
    for failure in failures { StandardError.write(failure) }
    if code != 0 { throw ExitCode(code) }
  }
}
