internal import IstioAPI
internal import MeshModel

/// Plans the virtual hosts of a gateway's route configuration (contract §9.4).
struct GatewayRoutePlanner {
  var scope: GatewayScope
  /// The servers that share the route configuration.
  var servers: [GatewayServer]
  var name: String

  private struct Host {
    var routes: [HTTPRouteInput] = []
    var sources: [String] = []
    var redirectsToTLS = false
    var number: UInt32
  }

  func hosts(_ reader: inout SnapshotReader) -> [VirtualHostInput] {
    var hosts: [String: Host] = [:]
    for server in servers {
      for service in Self.virtualServices(server, scope, &reader) {
        let routes = routes(service, server, &reader)
        let domain = reader.clusterDomain
        for host in service.spec.hosts {
          let full = HostPattern.resolve(
            host, namespace: service.key.namespace, clusterDomain: domain)
          guard let name = server.accepts(full, namespace: service.key.namespace) else { continue }
          var entry = hosts[name] ?? Host(number: server.number)
          entry.routes += routes.filter { !entry.routes.contains($0) }
          entry.sources.append(service.key.description)
          entry.redirectsToTLS =
            entry.redirectsToTLS || server.server.tls?.httpsRedirect == true
          hosts[name] = entry
        }
      }
      guard server.server.tls?.httpsRedirect == true else { continue }
      for own in server.hosts where hosts[own.name] == nil {
        hosts[own.name] = Host(redirectsToTLS: true, number: server.number)
      }
    }
    return inputs(hosts)
  }

  private func inputs(_ hosts: [String: Host]) -> [VirtualHostInput] {
    let isDiscovered = scope.outbound.discoversVirtualHosts
    guard !hosts.isEmpty else {
      let number = servers.first?.port ?? 0
      var empty = VirtualHostInput(
        route: name, host: "blackhole:\(number)", domains: ["*"], routes: [],
        isDiscovered: isDiscovered)
      empty.countsAttempts = false
      return [empty]
    }
    return hosts.keys.sorted().compactMap { domain in
      guard let host = hosts[domain] else { return nil }
      var input = VirtualHostInput(
        route: name, host: "\(domain):\(host.number)", domains: [domain],
        routes: host.routes.filter { !$0.isCatchAll } + host.routes.filter(\.isCatchAll).prefix(1),
        isDiscovered: isDiscovered)
      input.redirectsToTLS = host.redirectsToTLS
      input.sources = servers.map(\.gateway.description) + host.sources
      return input
    }
  }

  private func routes(
    _ service: Configuration<VirtualService>, _ server: GatewayServer,
    _ reader: inout SnapshotReader
  ) -> [HTTPRouteInput] {
    RoutePlanner(
      scope: scope.outbound,
      viewpoint: RouteViewpoint(
        labels: scope.labels, gateways: [server.gatewayName], port: server.number)
    ).routes(service, &reader)
  }

  /// The virtual services that are bound to the server's gateway.
  static func virtualServices(
    _ server: GatewayServer, _ scope: GatewayScope, _ reader: inout SnapshotReader
  ) -> [Configuration<VirtualService>] {
    var bound: [Configuration<VirtualService>] = []
    for service in reader.virtualServices() {
      let owner = service.key.namespace
      let names = service.spec.gateways.map { $0.contains("/") ? $0 : "\(owner)/\($0)" }
      if names.contains(server.gatewayName),
        reader.isVisible(exportedTo: service.spec.exportTo, owner: owner)
      {
        bound.append(service)
      }
    }
    return bound
  }
}
