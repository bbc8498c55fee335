internal import IstioAPI
internal import MeshModel
internal import XDSProtocol

/// Plans the outbound side of sidecars.
struct OutboundView {
  var scope: OutboundScope

  /// All units; see ``PlanUnit/concerned(by:)`` for those that appear later.
  func units(_ reader: inout SnapshotReader) -> [PlanUnit] {
    let (listeners, _) = EgressListeners.resolve(scope, &reader)
    let names = reader.names
    var units: [PlanUnit] = [.baseline]
    units += names.hosts.map(PlanUnit.host)
    units += names.addresses.map(PlanUnit.address)
    units += Set(names.ports + listeners.compactMap(\.port) + [80]).map(PlanUnit.port)
    return units
  }

  func plan(_ unit: PlanUnit, _ reader: inout SnapshotReader) -> UnitPlan {
    switch unit {
    case .baseline: baseline(&reader)
    case .host(let name): host(name, &reader)
    case .port(let number): port(number, &reader)
    case .address(let address): ownListeners(address, &reader)
    case .route, .virtualHost: UnitPlan()
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

  private func host(_ name: String, _ reader: inout SnapshotReader) -> UnitPlan {
    let (listeners, sidecar) = EgressListeners.resolve(scope, &reader)
    let hosts = VirtualHostPlanner(scope: scope, listeners: listeners)
    var plan = UnitPlan()
    guard let service = VisibleServices.service(ofHost: name, listeners, &reader) else {
      plan.virtualHosts = hosts.orphan(name, port: 80, &reader).map { [$0] } ?? []
      return plan
    }
    plan.clusters = ClusterPlanner.clusters(of: service, scope, &reader)
    plan.virtualHosts = hosts.hosts(of: service, &reader)
    let mesh = reader.meshConfig()
    let planner = OutboundListenerPlanner(scope: scope, mesh: mesh, mode: mode(sidecar, mesh))
    for listener in listeners where listener.imports(service, &reader) {
      add(planner.headless(service, in: listener, listeners: listeners, &reader), hosts, &plan)
    }
    return plan
  }

  private func ownListeners(_ address: String, _ reader: inout SnapshotReader) -> UnitPlan {
    let (listeners, sidecar) = EgressListeners.resolve(scope, &reader)
    let services = meant(reader.services(ofAddress: address), listeners, &reader)
    let hosts = VirtualHostPlanner(scope: scope, listeners: listeners)
    let mesh = reader.meshConfig()
    let planner = OutboundListenerPlanner(scope: scope, mesh: mesh, mode: mode(sidecar, mesh))
    var plan = UnitPlan()
    for listener in listeners {
      let imported = imported(by: listener, services, &reader)
      add(
        planner.own(address: address, of: imported, in: listener, listeners: listeners, &reader),
        hosts, &plan)
    }
    return plan
  }

  private func port(_ number: UInt32, _ reader: inout SnapshotReader) -> UnitPlan {
    let (listeners, sidecar) = EgressListeners.resolve(scope, &reader)
    let mesh = reader.meshConfig()
    let mode = mode(sidecar, mesh)
    let services = meant(reader.services(onPort: number), listeners, &reader)
    let hosts = VirtualHostPlanner(scope: scope, listeners: listeners)
    let planner = OutboundListenerPlanner(scope: scope, mesh: mesh, mode: mode)
    let isDeclared = listeners.contains { $0.port == number }
    var plan = UnitPlan()
    for listener in listeners where listener.port == number || (listener.port == nil && !isDeclared)
    {
      var shared = planner.shared(
        port: number, of: imported(by: listener, services, &reader), in: listener,
        listeners: listeners, &reader)
      if listener.port != nil, let sidecar {
        // Its address and port are the Sidecar's, whatever services it offers.
        for index in shared.indices {
          shared[index].sources.insert(sidecar.key.description, at: 0)
        }
      }
      add(shared, hosts, &plan)
    }
    let route = RouteName.shared(number)
    // Hosts of virtual services that no service has are served on port 80.
    if number == 80, !isDeclared, !services.isEmpty || reader.hasVirtualServices() {
      addRoute(route, hosts, &plan)
    }
    if plan.routes.contains(where: { $0.name == route }) {
      plan.virtualHosts.append(hosts.catchAll(route: route, mode))
    }
    return plan
  }

  /// Those of `services` that the viewer means by their hosts.
  private func meant(
    _ services: [MeshService], _ listeners: [EgressListener], _ reader: inout SnapshotReader
  ) -> [MeshService] {
    var meant: [MeshService] = []
    for service in services where VisibleServices.isMeant(service, listeners, &reader) {
      meant.append(service)
    }
    return meant
  }

  private func imported(
    by listener: EgressListener, _ services: [MeshService], _ reader: inout SnapshotReader
  ) -> [MeshService] {
    var imported: [MeshService] = []
    for service in services where listener.imports(service, &reader) { imported.append(service) }
    return imported
  }

  /// Adds listeners with the route configurations that they name.
  private func add(
    _ listeners: [ListenerInput], _ hosts: VirtualHostPlanner, _ plan: inout UnitPlan
  ) {
    plan.listeners += listeners
    for route in Set(listeners.flatMap(Self.routeNames)).sorted() { addRoute(route, hosts, &plan) }
  }

  private func addRoute(_ name: String, _ hosts: VirtualHostPlanner, _ plan: inout UnitPlan) {
    guard !plan.routes.contains(where: { $0.name == name }) else { return }
    plan.routes.append(
      RouteConfigurationInput(
        name: name, virtualHosts: scope.discoversVirtualHosts ? .discovered : .composed))
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
