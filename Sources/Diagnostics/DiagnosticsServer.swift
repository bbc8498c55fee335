internal import EnvoyAPI
internal import HTTPTypes
internal import Hummingbird
package import Logging
internal import NIOCore
internal import ServiceLifecycle
internal import StreamingJSON
internal import Synchronization
internal import XDSProtocol

/// Readiness, metrics and the debug pages over HTTP (contract §15).
package final class DiagnosticsServer: ServiceLifecycle.Service {
  private let addresses: [String]
  private let current: Mutex<DiagnosticSources>
  private let logger: Logger

  /// A server on each of the addresses, `host:port`, that shows these sources at first.
  package init(addresses: [String], sources: DiagnosticSources, logger: Logger) {
    self.addresses = addresses
    current = Mutex(sources)
    self.logger = logger
  }

  /// Shows other sources from now on.
  package func show(_ sources: DiagnosticSources) {
    current.withLock { $0 = sources }
  }

  private var sources: DiagnosticSources { current.withLock { $0 } }

  package func run() async throws {
    try await withThrowingDiscardingTaskGroup { group in
      for address in addresses {
        let (host, port) = try Self.split(address)
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let application = Application(
          router: router(),
          configuration: .init(address: .hostname(host, port: port), serverName: nil),
          logger: quiet)
        group.addTask { try await application.run() }
      }
    }
  }

  private static func split(_ address: String) throws -> (String, Int) {
    guard let colon = address.lastIndex(of: ":"),
      let port = Int(address[address.index(after: colon)...]), (0...65_535).contains(port)
    else { throw DiagnosticsError.malformedAddress(address) }
    let host = address[..<colon]
    let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
    return (String(isBracketed ? host.dropFirst().dropLast() : host), port)
  }

  private func router() -> Router<BasicRequestContext> {
    let router = Router()
    router.get("ready") { _, _ in
      let waitingFor = self.sources.waitingFor()
      return Self.text(
        waitingFor.isEmpty ? "ready\n" : "waiting for: \(waitingFor.joined(separator: ", "))\n",
        status: waitingFor.isEmpty ? .ok : .serviceUnavailable)
    }
    router.get("metrics") { _, _ in
      Self.text(MetricsText.format(self.sources.metrics()), type: "text/plain; version=0.0.4")
    }
    router.get("version") { _, _ in Self.text("skein\n") }
    router.get("debug/syncz") { _, _ in
      Self.json(.array(await self.sources.proxies().map(\.json)))
    }
    router.get("debug/objectz") { _, _ in Self.json(.array(self.sources.objects())) }
    router.get("debug/permissionz") { _, _ in
      Self.json(.array(self.sources.permissions().map { .string($0) }))
    }
    router.get("debug/config_dump") { request, _ in
      let proxy = request.uri.queryParameters["proxyID"].map(String.init) ?? ""
      return Self.resources(await self.sources.resources(proxy), of: ResourceType.allCases)
    }
    router.get("debug/endpointz") { request, _ in
      let proxy = request.uri.queryParameters["proxyID"].map(String.init) ?? ""
      return Self.resources(await self.sources.resources(proxy), of: [.endpoints])
    }
    return router
  }

  private static func resources(_ found: [EncodedResource]?, of types: [ResourceType]) -> Response {
    guard let found else {
      return text(
        "Proxy not connected to this Pilot instance. It may be connected to another instance.\n",
        status: .notFound)
    }
    let list = found.filter { types.contains($0.type) }.map { resource -> JSONValue in
      [
        "type": .string(resource.type.shortName), "name": .string(resource.name),
        "version": .string(resource.version),
        "sources": .array(resource.sources.map { .string($0) }),
        "resource": MessagePrinter.json(
          resource.payload,
          type: String(resource.type.typeURL.dropFirst("type.googleapis.com/".count))
        ),
      ]
    }
    return json(.array(list))
  }

  private static func json(_ value: JSONValue) -> Response {
    Response(
      status: .ok, headers: [.contentType: "application/json"],
      body: .init(byteBuffer: ByteBuffer(bytes: value.serialized())))
  }

  private static func text(
    _ text: String, status: HTTPResponse.Status = .ok, type: String = "text/plain; charset=utf-8"
  ) -> Response {
    Response(
      status: status, headers: [.contentType: type],
      body: .init(byteBuffer: ByteBuffer(string: text)))
  }
}

/// Why the diagnostics cannot be served.
package enum DiagnosticsError: Error, CustomStringConvertible {
  case malformedAddress(String)

  package var description: String {
    switch self {
    case .malformedAddress(let address): "\(address) is not an address of the form host:port"
    }
  }
}
