internal import IstioAPI
internal import MeshModel

/// Plans gateways (contract §9).
struct GatewayView {
  var scope: GatewayScope

  func units(_ reader: inout SnapshotReader) -> [PlanUnit] {
    let ports = Set(GatewayServers.resolve(scope, &reader).map(\.port)).sorted()
    return [.baseline] + reader.names.hosts.map(PlanUnit.host) + ports.map(PlanUnit.port)
  }

  func plan(_ unit: PlanUnit, _ reader: inout SnapshotReader) -> UnitPlan {
    var plan = UnitPlan()
    switch unit {
    case .baseline: plan.clusters = [ClusterPlanner.blackHole(reader.meshConfig())]
    case .host(let name): clusters(of: name, &plan, &reader)
    case .port(let number): port(number, &plan, &reader)
    case .address: break
    }
    return plan
  }

  private func clusters(
    of host: String, _ plan: inout UnitPlan, _ reader: inout SnapshotReader
  ) {
    guard
      let service = VisibleServices.service(ofHost: host, [EgressListeners.everything], &reader)
    else { return }
    var secrets = GatewaySecrets(namespace: scope.secretsNamespace)
    for cluster in ClusterPlanner.clusters(of: service, scope.outbound, isGateway: true, &reader) {
      let rule = cluster.sources.dropFirst().first ?? cluster.name
      if secrets.admit(cluster.tls.secretNames, for: rule, &reader) {
        plan.clusters.append(cluster)
      }
    }
    plan.add(secrets)
  }

  private func port(
    _ number: UInt32, _ plan: inout UnitPlan, _ reader: inout SnapshotReader
  ) {
    let servers = GatewayServers.resolve(scope, &reader).filter { $0.port == number }
    let mesh = reader.meshConfig()
    var secrets = GatewaySecrets(namespace: scope.secretsNamespace)
    for bind in Set(servers.map(\.bind)).sorted() {
      let group = compatible(servers.filter { $0.bind == bind })
      let listeners = GatewayListenerPlanner(scope: scope, mesh: mesh)
      if let listener = listeners.listener(port: number, bind: bind, group, &secrets, &reader) {
        plan.listeners.append(listener)
      }
      let names = Set(group.filter(\.isHTTP).map(\.routeName)).sorted()
      for name in names {
        let routes = GatewayRoutePlanner(
          scope: scope, servers: group.filter { $0.isHTTP && $0.routeName == name }, name: name)
        let hosts = routes.hosts(&reader)
        if scope.outbound.discoversVirtualHosts {
          plan.routes.append(RouteConfigurationInput(name: name, virtualHosts: .discovered))
          plan.virtualHosts += hosts
        } else {
          var configuration = RouteConfigurationInput(name: name, virtualHosts: .inline(hosts))
          configuration.sources = Set(hosts.flatMap(\.sources)).sorted()
          plan.routes.append(configuration)
        }
      }
    }
    plan.add(secrets)
  }

  /// Servers that can share one address: the first one decides between plaintext and TLS.
  private func compatible(_ servers: [GatewayServer]) -> [GatewayServer] {
    guard let first = servers.first else { return [] }
    var routes: Set<String> = []
    return servers.filter { server in
      guard server.isTLSProtocol == first.isTLSProtocol else { return false }
      if !server.isTLSProtocol { return server.isHTTP == first.isHTTP }
      return !server.isHTTP || routes.insert(server.routeName).inserted
    }
  }
}

extension UnitPlan {
  fileprivate mutating func add(_ secrets: GatewaySecrets) {
    self.secrets += secrets.inputs
    notices += secrets.notices
  }
}
