import DiscoveryServer
import Foundation
import GRPCTransport
import Logging
import MeshTesting
import OpenSSLCrypto
import WorkloadAuthentication
import XDSProtocol

/// A real Envoy whose resources a test makes by hand, without certificates.
struct HandFedEnvoy {
  let discovery: HandMadeDiscovery
  let service: DiscoveryService
  let relay: InterruptingRelay
  let adminPort: Int

  /// Runs a test with an Envoy, which is gone afterwards.
  static func run(_ body: (HandFedEnvoy) async throws -> Void) async throws {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let discovery = HandMadeDiscovery()
    let verifier = try CertificateVerifier(roots: [])
    let service = DiscoveryService(
      discovery: discovery,
      authenticator: WorkloadAuthenticator(
        trustDomain: "cluster.local", verifier: { verifier }, tokens: [], clock: { 0 }),
      isReady: { true }, logger: logger)
    let (server, address) = try await listen(service, logger)
    let connection = try await GRPCClientConnection.connect(to: address)
    let relay = InterruptingRelay(to: connection, paths: service.paths)
    let (relayServer, relayAddress) = try await listen(relay, logger)
    func end() async {
      await relayServer.shutdown()
      await connection.close()
      await server.shutdown()
    }
    let adminPort = try FreePort.next()
    let path = ChildProgram.temporaryPath("bootstrap.json")
    ChildProgram.write(bootstrap(discovery: relayAddress.port ?? 0, admin: adminPort), to: path)
    let log = path + ".log"
    defer {
      unlink(path)
      unlink(log)
    }
    let envoy = try MeshProgram(
      "Envoy",
      [
        EnvoyBinary.path ?? "", "-c", path, "--concurrency", "1", "--disable-hot-restart", "-l",
        "warning",
      ], log: log)
    do {
      try await body(
        HandFedEnvoy(
          discovery: discovery, service: service, relay: relay, adminPort: adminPort))
    } catch {
      print(
        (ChildProgram.read(log) ?? "").split(separator: "\n").suffix(20).joined(separator: "\n"))
      await envoy.crash()
      await end()
      throw error
    }
    await envoy.crash()
    await end()
  }

  private static func listen(
    _ service: any GRPCService, _ logger: Logger
  ) async throws -> (GRPCServer, GRPCAddress) {
    var configuration = GRPCServerConfiguration()
    configuration.drainTimeout = .milliseconds(200)
    let server = GRPCServer(
      addresses: [.hostPort(host: "127.0.0.1", port: 0)], services: [service],
      configuration: configuration, logger: logger)
    guard let address = try await server.bind().first else { throw MeshFailure("no port") }
    return (server, address)
  }

  /// A number of Envoy's statistics.
  func statistic(_ name: String) async throws -> Int? {
    let page = try await adminPage("stats?filter=%5E\(name.replacing(".", with: "%5C."))$")
    return page.split(separator: " ").last.flatMap { Int($0.filter(\.isNumber)) }
  }

  func adminPage(_ path: String) async throws -> String {
    try await fetchPage("http://127.0.0.1:\(adminPort)/\(path)")
  }

  private static func bootstrap(discovery: Int, admin: Int) -> String {
    """
    {"node": {"id": "sidecar~127.0.0.1~test.default~default.svc.cluster.local", "cluster": "test",
      "metadata": {"NAMESPACE": "default", "CLUSTER_ID": "Kubernetes"}},
     "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": \(admin)}}},
     "dynamic_resources": {
      "cds_config": {"ads": {}, "initial_fetch_timeout": "0s", "resource_api_version": "V3"},
      "lds_config": {"ads": {}, "initial_fetch_timeout": "0s", "resource_api_version": "V3"},
      "ads_config": {"api_type": "DELTA_GRPC", "transport_api_version": "V3",
       "set_node_on_first_message_only": true,
       "grpc_services": [{"envoy_grpc": {"cluster_name": "xds", "retry_policy": {
        "retry_back_off": {"base_interval": "0.005s", "max_interval": "0.02s"}}}}]}},
     "static_resources": {"clusters": [{"name": "xds", "connect_timeout": "1s",
      "typed_extension_protocol_options": {
       "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {}}}},
      "load_assignment": {"cluster_name": "xds", "endpoints": [{"lb_endpoints": [{"endpoint": {
       "address": {"socket_address": {"address": "127.0.0.1", "port_value": \(discovery)}}}}]}]}}]}}
    """
  }
}
