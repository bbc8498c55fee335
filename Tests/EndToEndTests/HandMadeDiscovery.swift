import EnvoyMessages
import SwiftProtobuf
import Synchronization
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

  /// Takes resources away, and tells every proxy.
  func remove(_ type: ResourceType, _ names: [String]) {
    let listeners = state.withLock { state in
      for name in names { _ = state.resources.update(type, name, to: nil) }
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
