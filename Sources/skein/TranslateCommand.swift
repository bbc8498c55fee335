internal import ArgumentParser
internal import EnvoyAPI
internal import EnvoyTranslation
internal import MeshIngest
internal import MeshModel
internal import MeshStore
internal import OpenSSLCrypto
internal import StreamingJSON
internal import XDSProtocol
internal import YAML

/// `skein translate`.
struct TranslateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "translate",
    abstract: "Print the Envoy configuration that a proxy would get, without a control plane.")

  @Option(
    name: [.customShort("f"), .long],
    help: ArgumentHelp("YAML with the mesh's objects; may be repeated.", valueName: "file"))
  var file: [String]

  @Option(
    help: ArgumentHelp(
      "The proxy as Envoy's bootstrap describes it: JSON with id and metadata.", valueName: "file"))
  var node: String

  @Option(help: "Only this type: cds, eds, lds, rds, vhds or sds.")
  var type: ShownType?

  @Flag(help: "Route tables whole, as proxies get them that do not discover virtual hosts.")
  var sotw = false

  /// How the configuration is printed.
  enum Output: String, ExpressibleByArgument, CaseIterable {
    case json
    case yaml
  }

  @Option(name: [.customShort("o"), .long], help: "json or yaml.")
  var output = Output.json

  func run() async throws {
    let store = MeshStore()
    let ingest = MeshIngest { store.apply($0) }
    for path in file {
      do {
        ingest.apply(try ObjectFiles.read(path))
      } catch let failure as CleanFailure {
        throw failure
      } catch {
        throw CleanFailure("\(error)", code: ExitCode(65))
      }
    }
    for report in ingest.reports where report.isRejected {
      for issue in report.issues { StandardError.write("\(report.subject): \(issue)") }
    }
    var proxy = try NodeFile.read(node, isDelta: !sotw)
    // Whoever may read the files may see what a proxy with an identity gets.
    proxy.verifiedIdentity = "spiffe://cluster.local/ns/\(proxy.namespace)/sa/default"
    let state = await MeshTranslation(snapshot: store.snapshot).open(proxy) {}.current()
    let types = ResourceType.allCases.filter { type == nil || $0.shortName == type?.rawValue }
    var object = JSONObject()
    for type in types {
      let resources = state.all(type).sorted { $0.name < $1.name }
      guard !resources.isEmpty else { continue }
      let name = String(type.typeURL.dropFirst("type.googleapis.com/".count))
      object[type.shortName] = .array(
        resources.map { MessagePrinter.json($0.payload, type: name) })
    }
    let value = JSONValue.object(object)
    print(
      output == .yaml
        ? YAMLWriter.text(value) : String(decoding: value.serialized(), as: UTF8.self))
  }
}
