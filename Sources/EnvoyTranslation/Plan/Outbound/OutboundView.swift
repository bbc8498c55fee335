internal import IstioAPI
internal import MeshModel
internal import XDSProtocol

/// One piece of a view's planning, planned again only when something that it read changes.
enum PlanUnit: Hashable, Sendable {
  /// What does not depend on any service.
  case baseline
  /// The clusters and virtual hosts of one service, or its endpoints.
  case service(ServiceID)
  /// The listeners and route configurations of one port.
  case port(listener: Int, number: UInt32)
  /// A virtual service's host that no service has.
  case host(String)
}

/// The planned resources of a unit.
struct UnitPlan {
  var clusters: [ClusterInput] = []
  var endpoints: [EndpointsInput] = []
  var listeners: [ListenerInput] = []
  var routes: [RouteConfigurationInput] = []
  var virtualHosts: [VirtualHostInput] = []
  var secrets: [SecretInput] = []
  var notices: [TranslationNotice] = []
}

/// Plans the outbound side of sidecars.
struct OutboundView {
  var scope: OutboundScope

  func units(_ reader: inout SnapshotReader) -> [PlanUnit] {
    let (listeners, _) = EgressListeners.resolve(scope, &reader)
    let services = VisibleServices.resolve(listeners, from: scope.namespace, &reader)
    var units: [PlanUnit] = [.baseline]
    units += services.map { .service($0.id) }
    for (index, listener) in listeners.enumerated() {
      for port in ports(listener, index, listeners, services) {
        units.append(.port(listener: index, number: port))
      }
    }
    let hosts = Set(services.map(\.hostname))
    for host in reader.virtualServiceHosts() where !hosts.contains(host) {
      units.append(.host(host))
    }
    if !units.contains(.port(listener: listeners.count - 1, number: 80)),
      listeners.last?.port == nil, units.contains(where: Self.isHost)
    {
      units.append(.port(listener: listeners.count - 1, number: 80))
    }
    return units
  }

  private static func isHost(_ unit: PlanUnit) -> Bool {
    if case .host = unit { true } else { false }
  }

  private func ports(
    _ listener: EgressListener, _ index: Int, _ all: [EgressListener], _ services: [MeshService]
  ) -> [UInt32] {
    if let port = listener.port { return [port] }
    let declared = Set(all.compactMap(\.port))
    let offered = services.filter { listener.imports($0, from: scope.namespace) }
      .flatMap(\.ports).filter { $0.protocolKind != .udp }.map(\.number)
    return Set(offered).subtracting(declared).sorted()
  }

  func plan(_ unit: PlanUnit, _ reader: inout SnapshotReader) -> UnitPlan {
    switch unit {
    case .baseline: baseline(&reader)
    case .service(let id): service(id, &reader)
    case .port(let index, let number): port(index, number, &reader)
    case .host(let name): host(name, &reader)
    }
  }

  private func mode(
    _ sidecar: Configuration<Sidecar>?, _ mesh: MeshConfig
  ) -> OutboundTrafficMode {
    sidecar?.spec.outboundTrafficPolicy?.mode ?? mesh.outboundTrafficPolicy.mode
  }

  private func baseline(_ reader: inout SnapshotReader) -> UnitPlan {
    let mesh = reader.meshConfig()
    let (_, sidecar) = EgressListeners.resolve(scope, &reader)
    var plan = UnitPlan()
    plan.clusters = [
      ClusterPlanner.blackHole(mesh), ClusterPlanner.passthrough(mesh, dialect: scope.dialect),
    ]
    if scope.interception != .none {
      plan.listeners = [VirtualOutbound.listener(scope, mesh, mode(sidecar, mesh))]
    }
    return plan
  }

  private func service(_ id: ServiceID, _ reader: inout SnapshotReader) -> UnitPlan {
    guard let service = reader.service(id) else { return UnitPlan() }
    let (listeners, _) = EgressListeners.resolve(scope, &reader)
    var plan = UnitPlan()
    plan.clusters = ClusterPlanner.clusters(of: service, scope, &reader)
    if scope.discoversVirtualHosts {
      plan.virtualHosts = VirtualHostPlanner(scope: scope, listeners: listeners)
        .hosts(of: service, &reader)
    }
    return plan
  }

  private func host(_ name: String, _ reader: inout SnapshotReader) -> UnitPlan {
    guard scope.discoversVirtualHosts else { return UnitPlan() }
    let (listeners, _) = EgressListeners.resolve(scope, &reader)
    var plan = UnitPlan()
    plan.virtualHosts =
      VirtualHostPlanner(scope: scope, listeners: listeners).orphan(name, port: 80, &reader)
      .map { [$0] } ?? []
    return plan
  }

  private func port(
    _ index: Int, _ number: UInt32, _ reader: inout SnapshotReader
  ) -> UnitPlan {
    let (listeners, sidecar) = EgressListeners.resolve(scope, &reader)
    guard listeners.indices.contains(index) else { return UnitPlan() }
    let listener = listeners[index]
    let mesh = reader.meshConfig()
    let mode = mode(sidecar, mesh)
    reader.dependOnPort(number)
    let services = VisibleServices.resolve(listeners, from: scope.namespace, &reader)
      .filter { listener.imports($0, from: scope.namespace) && $0.port(number) != nil }
      .compactMap { reader.service($0.id) }
    var plan = UnitPlan()
    plan.listeners = OutboundListenerPlanner(scope: scope, mesh: mesh, mode: mode)
      .listeners(port: number, of: services, in: listener, listeners: listeners, &reader)
    if listener.port != nil, let sidecar {
      // Its address and port are the Sidecar's, whatever services it offers.
      for index in plan.listeners.indices {
        plan.listeners[index].sources.insert(sidecar.key.description, at: 0)
      }
    }
    let hosts = VirtualHostPlanner(scope: scope, listeners: listeners)
    var routes = Set(plan.listeners.flatMap(Self.routeNames))
    if listener.port == nil, number == 80 { routes.insert(RouteName.shared(80)) }
    for route in routes.sorted() {
      let isShared = route == RouteName.shared(number)
      let fallback = isShared ? [hosts.catchAll(route: route, mode)] : []
      if scope.discoversVirtualHosts {
        plan.routes.append(RouteConfigurationInput(name: route, virtualHosts: .discovered))
        plan.virtualHosts += fallback
      } else {
        plan.routes.append(
          inlineRoute(route, number, services, hosts, fallback, &reader))
      }
    }
    return plan
  }

  private func inlineRoute(
    _ route: String, _ number: UInt32, _ services: [MeshService], _ planner: VirtualHostPlanner,
    _ fallback: [VirtualHostInput], _ reader: inout SnapshotReader
  ) -> RouteConfigurationInput {
    var hosts: [VirtualHostInput] = []
    for service in services {
      hosts += planner.hosts(of: service, &reader).filter { $0.route == route }
    }
    if number == 80, route == RouteName.shared(80) {
      for name in reader.virtualServiceHosts() {
        if let host = planner.orphan(name, port: 80, &reader) { hosts.append(host) }
      }
    }
    hosts.sort { $0.host < $1.host }
    var configuration = RouteConfigurationInput(
      name: route, virtualHosts: .inline(hosts + fallback))
    configuration.sources = Set(hosts.flatMap(\.sources)).sorted()
    return configuration
  }

  private static func routeNames(_ listener: ListenerInput) -> [String] {
    (listener.chains + (listener.defaultChain.map { [$0] } ?? [])).flatMap(\.filters)
      .compactMap { filter in
        guard case .http(let manager) = filter, case .discovered(let name) = manager.routes else {
          return nil
        }
        return name
      }
  }
}

/// Plans the endpoints of the clusters of a sidecar or a gateway.
struct EndpointsView {
  var scope: EndpointsScope

  func units(_ reader: inout SnapshotReader) -> [PlanUnit] {
    let (listeners, _) =
      scope.isGateway
      ? ([EgressListeners.everything], nil) : EgressListeners.resolve(scope.outbound, &reader)
    return VisibleServices.resolve(listeners, from: scope.outbound.namespace, &reader)
      .map { .service($0.id) }
  }

  func plan(
    _ unit: PlanUnit, _ cache: ResourceCache, _ reader: inout SnapshotReader
  ) -> UnitPlan {
    guard case .service(let id) = unit, let service = reader.service(id) else { return UnitPlan() }
    let rule = DestinationRuleResolution.resolve(
      service, from: scope.outbound.namespace, labels: scope.outbound.labels, &reader)
    var plan = UnitPlan()
    for cluster in ClusterPlanner.clusters(
      of: service, scope.outbound, isGateway: scope.isGateway, &reader)
    where cluster.discovery == .endpoints {
      guard let piece = piece(named: cluster.name, service, rule) else { continue }
      plan.endpoints.append(
        EndpointsInput(
          name: cluster.name, clusterVersion: cache.resource(for: cluster).version,
          localities: EndpointPlanner.localities(piece, locality: scope.locality, &reader),
          sources: cluster.sources))
    }
    return plan
  }

  private func piece(
    named name: String, _ service: MeshService, _ rule: ResolvedDestinationRule
  ) -> ClusterPlanner.Plan? {
    for port in service.ports {
      for subset in [nil] + rule.subsets.map(Optional.some) {
        let plan = ClusterPlanner.Plan(
          service: service, port: port, subset: subset, rule: rule, scope: scope.outbound,
          isGateway: scope.isGateway)
        if plan.name == name { return plan }
      }
    }
    return nil
  }
}

extension EgressListeners {
  /// The listener that imports every host.
  static let everything = EgressListener(
    port: nil, protocolKind: .undeclared, bind: "", isCaptured: true,
    imports: [.init(namespace: "*", host: "*")])
}
