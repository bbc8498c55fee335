internal import IstioAPI
internal import MeshModel

/// Plans gateways (contract §9).
struct GatewayView {
  var scope: GatewayScope
  var resolutions: GatewayResolutions

  func units(_ reader: inout SnapshotReader) -> [PlanUnit] {
    let servers = resolutions.servers(of: scope, &reader)
    var units: [PlanUnit] = [.baseline]
    units += reader.names.hosts.map(PlanUnit.host)
    units += servers.ports.keys.map(PlanUnit.port)
    for (name, route) in servers.routes {
      units.append(.route(name))
      let planner = GatewayRoutePlanner(scope: scope, name: name, route: route)
      for domain in planner.domains(&reader) {
        units.append(.virtualHost(route: name, domain: domain))
      }
    }
    return units
  }

  func plan(_ unit: PlanUnit, _ reader: inout SnapshotReader) -> UnitPlan {
    var plan = UnitPlan()
    switch unit {
    case .baseline: plan.clusters = [ClusterPlanner.blackHole(reader.meshConfig())]
    case .host(let name): clusters(of: name, &plan, &reader)
    case .port(let number): port(number, &plan, &reader)
    case .address: break
    case .route(let name):
      guard let planner = planner(name, &reader) else { break }
      var frame = RouteConfigurationInput(
        name: name,
        virtualHosts: scope.outbound.discoversVirtualHosts ? .discovered : .composed)
      frame.sources = Set(planner.route.servers.map(\.gateway)).sorted().map(\.description)
      plan.routes = [frame]
      plan.virtualHosts = planner.emptyHost(&reader).map { [$0] } ?? []
    case .virtualHost(let name, let domain):
      plan.virtualHosts = planner(name, &reader)?.host(domain, &reader).map { [$0] } ?? []
    }
    return plan
  }

  private func planner(_ route: String, _ reader: inout SnapshotReader) -> GatewayRoutePlanner? {
    resolutions.servers(of: scope, &reader).routes[route].map {
      GatewayRoutePlanner(scope: scope, name: route, route: $0)
    }
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
    let planner = GatewayListenerPlanner(scope: scope, mesh: reader.meshConfig())
    var secrets = GatewaySecrets(namespace: scope.secretsNamespace)
    for group in resolutions.servers(of: scope, &reader).ports[number] ?? [] {
      if let listener = planner.listener(
        port: number, bind: group.bind, group.servers, &secrets, &reader)
      {
        plan.listeners.append(listener)
      }
    }
    plan.add(secrets)
  }
}

extension UnitPlan {
  fileprivate mutating func add(_ secrets: GatewaySecrets) {
    self.secrets += secrets.inputs
    notices += secrets.notices
  }
}
