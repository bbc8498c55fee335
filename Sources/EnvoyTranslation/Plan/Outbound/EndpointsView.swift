internal import IstioAPI
internal import MeshModel
internal import XDSProtocol

/// Plans the endpoints of the clusters of a sidecar or a gateway.
struct EndpointsView {
  var scope: EndpointsScope

  func units(_ reader: inout SnapshotReader) -> [PlanUnit] {
    reader.names.hosts.map(PlanUnit.host)
  }

  func plan(
    _ unit: PlanUnit, _ cache: ResourceCache, _ reader: inout SnapshotReader
  ) -> UnitPlan {
    let (listeners, _) =
      scope.isGateway
      ? ([EgressListeners.everything], nil) : EgressListeners.resolve(scope.outbound, &reader)
    guard case .host(let name) = unit,
      let service = VisibleServices.service(ofHost: name, listeners, &reader)
    else { return UnitPlan() }
    let rule = DestinationRuleResolution.resolve(service, &reader)
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
