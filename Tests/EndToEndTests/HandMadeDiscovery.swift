import DiscoveryServer
import EnvoyMessages
import Foundation
import GRPCTransport
import Logging
import MeshTesting
import NIOCore
import OpenSSLCrypto
import SwiftProtobuf
import Synchronization
import WorkloadAuthentication
import XDSProtocol

/// Resources that a test writes itself, so that they may be what translation would never make.
final class HandMadeDiscovery: ResourceDiscovery {
  private struct State {
    var resources = ResourceSet()
    var revision: UInt64 = 1
    var listeners: [Int: @Sendable () -> Void] = [:]
    var next = 0
  }

  private let state = Mutex(State())

  /// Puts resources in place of those of their names, and tells every proxy.
  func put(_ resources: [EncodedResource]) {
    let listeners = state.withLock { state in
      for resource in resources {
        _ = state.resources.update(resource.type, resource.name, to: resource)
      }
      state.revision += 1
      return Array(state.listeners.values)
    }
    for listener in listeners { listener() }
  }

  func open(
    _ proxy: ProxyNode, changed: @escaping @Sendable () -> Void
  ) async -> any ProxyResources {
    let id = state.withLock { state in
      state.next += 1
      state.listeners[state.next] = changed
      return state.next
    }
    return Handle(owner: self, id: id)
  }

  private final class Handle: ProxyResources {
    let owner: HandMadeDiscovery
    let id: Int

    init(owner: HandMadeDiscovery, id: Int) {
      self.owner = owner
      self.id = id
    }

    func current() -> ResourceState {
      owner.state.withLock { state in
        ResourceState(parts: [
          .init(view: 1, revision: state.revision, resources: state.resources)
        ])
      }
    }

    func changes(from earlier: ResourceState, to later: ResourceState) -> [ResourceChange] {
      let empty = ResourceSet()
      return (later.parts.first?.resources ?? empty)
        .changes(since: earlier.parts.first?.resources ?? empty)
    }

    func close() { owner.state.withLock { $0.listeners[id] = nil } }
  }
}

/// A discovery service that ends each stream after so many requests.
final class InterruptedDiscovery: GRPCService {
  let inner: DiscoveryService
  private let limit = Mutex<Int?>(nil)
  private let cuts = Mutex(0)

  init(_ inner: DiscoveryService) {
    self.inner = inner
  }

  var paths: [GRPCMethodPath] { inner.paths }
  /// How many streams were cut so far.
  var cutCount: Int { cuts.withLock { $0 } }

  /// Ends streams at the `count`-th request from now on; never for nil.
  func cut(after count: Int?) { limit.withLock { $0 = count } }

  private func isOver() -> Bool {
    limit.withLock { limit in
      guard let left = limit else { return false }
      limit = left > 1 ? left - 1 : nil
      guard left <= 1 else { return false }
      cuts.withLock { $0 += 1 }
      return true
    }
  }

  func accept(_ call: GRPCServerCall) -> GRPCAdmission {
    guard case .accept(let handler, let size) = inner.accept(call) else {
      return .reject(GRPCStatus(.unavailable, "not now"))
    }
    return .accept(
      Stream(call: call, inner: handler, isOver: { self.isOver() }), maximumMessageSize: size)
  }

  private final class Stream: GRPCCallHandler {
    let call: GRPCServerCall
    let inner: any GRPCCallHandler
    let isOver: () -> Bool

    init(call: GRPCServerCall, inner: any GRPCCallHandler, isOver: @escaping () -> Bool) {
      self.call = call
      self.inner = inner
      self.isOver = isOver
    }

    func messageReceived(_ message: ByteBuffer) {
      inner.messageReceived(message)
      if isOver() { call.finish(GRPCStatus(.unavailable, "cut")) }
    }
    func halfClosed() { inner.halfClosed() }
    func writabilityChanged(_ isWritable: Bool) { inner.writabilityChanged(isWritable) }
    func closed(_ reason: GRPCCloseReason) { inner.closed(reason) }
  }
}

/// A real Envoy whose resources a test makes by hand, without certificates.
struct HandFedEnvoy {
  let discovery: HandMadeDiscovery
  let service: DiscoveryService
  let interruptions: InterruptedDiscovery
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
    let interruptions = InterruptedDiscovery(service)
    var configuration = GRPCServerConfiguration()
    configuration.drainTimeout = .milliseconds(200)
    let server = GRPCServer(
      addresses: [.hostPort(host: "127.0.0.1", port: 0)], services: [interruptions],
      configuration: configuration, logger: logger)
    guard case .hostPort(_, let port)? = try await server.bind().first else {
      throw MeshFailure("no port")
    }
    let adminPort = try freePort()
    let path = ChildProgram.temporaryPath("bootstrap.json")
    ChildProgram.write(bootstrap(discovery: port, admin: adminPort), to: path)
    let log = path + ".log"
    let envoy = try MeshProgram(
      "Envoy",
      [
        EnvoyBinary.path ?? "", "-c", path, "--concurrency", "1", "--disable-hot-restart", "-l",
        "warning",
      ], log: log)
    do {
      try await body(
        HandFedEnvoy(
          discovery: discovery, service: service, interruptions: interruptions,
          adminPort: adminPort))
    } catch {
      print(
        (ChildProgram.read(log) ?? "").split(separator: "\n").suffix(20).joined(separator: "\n"))
      await envoy.crash()
      await server.shutdown()
      throw error
    }
    await envoy.crash()
    await server.shutdown()
    unlink(path)
    unlink(log)
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

/// Resources as a test writes them.
enum HandMade {
  static func resource(
    _ type: ResourceType, _ name: String, _ message: some Message, version: String,
    readiness: Readiness = .immediate
  ) throws -> EncodedResource {
    EncodedResource(
      type: type, name: name, version: version, payload: try message.serializedBytes(),
      readiness: readiness, sources: ["test/\(name)"])
  }

  /// A cluster of one endpoint and its endpoints; Envoy refuses one whose timeout is negative.
  static func cluster(
    _ name: String, timeout: Int64 = 1, version: String
  ) throws -> [EncodedResource] {
    var cluster = Envoy_Config_Cluster_V3_Cluster()
    cluster.name = name
    // Envoy passes over what did not change, whatever its version.
    cluster.altStatName = "\(name)-\(version)"
    cluster.type = .eds
    cluster.connectTimeout.seconds = timeout
    cluster.edsClusterConfig.edsConfig.ads = .init()
    cluster.edsClusterConfig.edsConfig.resourceApiVersion = .v3
    var endpoints = Envoy_Config_Endpoint_V3_ClusterLoadAssignment()
    endpoints.clusterName = name
    return [
      try resource(.cluster, name, cluster, version: version, readiness: .endpoints),
      try resource(.endpoints, name, endpoints, version: "1"),
    ]
  }

  /// A listener that answers nothing; Envoy refuses one whose address is none.
  static func listener(
    _ name: String, address: String = "127.0.0.1", port: Int, version: String
  )
    throws -> EncodedResource
  {
    var proxy = Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpConnectionManager()
    proxy.statPrefix = "\(name)-\(version)"
    proxy.rds.routeConfigName = "route-\(name)"
    proxy.rds.configSource.ads = .init()
    proxy.rds.configSource.resourceApiVersion = .v3
    var router = Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpFilter()
    router.name = "envoy.filters.http.router"
    router.typedConfig = try Google_Protobuf_Any(
      message: Envoy_Extensions_Filters_Http_Router_V3_Router())
    proxy.httpFilters = [router]
    var filter = Envoy_Config_Listener_V3_Filter()
    filter.name = "envoy.filters.network.http_connection_manager"
    filter.typedConfig = try Google_Protobuf_Any(message: proxy)
    var chain = Envoy_Config_Listener_V3_FilterChain()
    chain.filters = [filter]
    var listener = Envoy_Config_Listener_V3_Listener()
    listener.name = name
    listener.address.socketAddress.address = address
    listener.address.socketAddress.portValue = UInt32(port)
    listener.filterChains = [chain]
    return try resource(.listener, name, listener, version: version)
  }

  /// A route of one host; Envoy refuses one whose domains are given twice.
  static func route(
    _ name: String, domains: [String] = ["*"], version: String
  ) throws -> EncodedResource {
    var host = Envoy_Config_Route_V3_VirtualHost()
    host.name = version
    host.domains = domains
    var route = Envoy_Config_Route_V3_RouteConfiguration()
    route.name = name
    route.virtualHosts = [host]
    return try resource(.route, name, route, version: version)
  }
}
