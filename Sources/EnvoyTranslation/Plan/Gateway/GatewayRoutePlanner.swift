internal import IstioAPI
internal import MeshModel

/// Plans the virtual hosts of a gateway's route configuration (contract §9.4).
struct GatewayRoutePlanner {
  var scope: GatewayScope
  var name: String
  var route: GatewayRoute

  /// The domains that have a virtual host.
  func domains(_ reader: inout SnapshotReader) -> Set<String> {
    var domains: Set<String> = []
    for server in route.servers {
      for claim in reader.hosts(ofGateway: server.gatewayName) {
        if let domain = domain(claim, server, &reader) { domains.insert(domain) }
      }
      if server.redirectsToTLS { domains.formUnion(server.hostNames) }
    }
    return domains
  }

  /// The host that stands for all that there are not; nil where there are any.
  func emptyHost(_ reader: inout SnapshotReader) -> VirtualHostInput? {
    for server in route.servers {
      if server.redirectsToTLS, !server.hosts.isEmpty { return nil }
      for claim in reader.hosts(ofGateway: server.gatewayName)
      where domain(claim, server, &reader) != nil {
        return nil
      }
    }
    var empty = VirtualHostInput(
      route: name, host: "blackhole:\(route.servers.first?.port ?? 0)", domains: ["*"], routes: [],
      isDiscovered: scope.outbound.discoversVirtualHosts)
    empty.countsAttempts = false
    return empty
  }

  private func domain(
    _ claim: HostClaim, _ server: GatewayServer, _ reader: inout SnapshotReader
  ) -> String? {
    guard let domain = server.accepts(claim.host, namespace: claim.namespace),
      reader.isVisible(exportedTo: claim.exportTo, owner: claim.namespace)
    else { return nil }
    return domain
  }

  /// The virtual host of a domain.
  func host(_ domain: String, _ reader: inout SnapshotReader) -> VirtualHostInput? {
    var number: UInt32?
    var redirectsToTLS = false
    var gateways: [ConfigKey] = []
    var planned: [ConfigKey: [HTTPRouteInput]] = [:]
    var routes: [HTTPRouteInput] = []
    var sources: [String] = []
    for server in route.servers(covering: domain) {
      let services = services(domain, server, &reader)
      guard !services.isEmpty || (server.redirectsToTLS && server.has(domain)) else { continue }
      number = number ?? server.number
      redirectsToTLS = redirectsToTLS || server.redirectsToTLS
      if gateways.last != server.gateway { gateways.append(server.gateway) }
      for service in services {
        let new = self.routes(service, server, &reader)
        if let known = planned[service.key].map(Set.init) {
          // Through several servers a virtual service serves the domain once.
          routes += new.filter { !known.contains($0) }
        } else {
          routes += new
          sources.append(service.key.description)
        }
        planned[service.key, default: []] += new
      }
    }
    guard let number else { return nil }
    var input = VirtualHostInput(
      route: name, host: "\(domain):\(number)", domains: [domain],
      routes: routes.filter { !$0.isCatchAll } + routes.filter(\.isCatchAll).prefix(1),
      isDiscovered: scope.outbound.discoversVirtualHosts)
    input.redirectsToTLS = redirectsToTLS
    input.sources = gateways.map(\.description) + sources
    return input
  }

  /// The virtual services that serve the domain through a server, the oldest first.
  private func services(
    _ domain: String, _ server: GatewayServer, _ reader: inout SnapshotReader
  ) -> [Configuration<VirtualService>] {
    var hosts = [domain]
    if server.has(domain) {
      // A broader host of a virtual service is narrowed to the server's own.
      hosts += reader.wildcardHosts(ofGateway: server.gatewayName).filter {
        $0 != domain && HostPattern.matches($0, domain)
      }
    }
    var found: [Configuration<VirtualService>] = []
    var keys: Set<ConfigKey> = []
    for host in hosts {
      for service in reader.virtualServices(ofGateway: server.gatewayName, host: host) {
        let owner = service.key.namespace
        if server.accepts(host, namespace: owner) == domain,
          reader.isVisible(exportedTo: service.spec.exportTo, owner: owner),
          keys.insert(service.key).inserted
        {
          found.append(service)
        }
      }
    }
    return found.sorted(by: Configuration.precedes)
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
}
