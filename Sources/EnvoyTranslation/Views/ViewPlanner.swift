internal import MeshModel
internal import XDSProtocol

/// Plans the units of any kind of view and turns inputs into resources.
struct ViewPlanner: Sendable {
  let cache: ResourceCache
  let gateways = GatewayResolutions()

  func units(_ family: ViewFamily, _ reader: inout SnapshotReader) -> [PlanUnit] {
    switch family {
    case .outbound(let scope): OutboundView(scope: scope).units(&reader)
    case .endpoints(let scope): EndpointsView(scope: scope).units(&reader)
    case .inbound: [.baseline]
    case .gateway(let scope): GatewayView(scope: scope, resolutions: gateways).units(&reader)
    }
  }

  /// Whether a change of `key` may bring or end a unit of the family, and which.
  func unit(_ family: ViewFamily, concernedBy key: SnapshotKey) -> PlanUnit? {
    guard let unit = PlanUnit.concerned(by: key) else { return nil }
    switch (family, unit) {
    case (.outbound, _), (.endpoints, .host), (.gateway, .host): return unit
    default: return nil
    }
  }

  func plan(
    _ family: ViewFamily, _ unit: PlanUnit, for viewer: Viewer, in snapshot: MeshSnapshot
  ) -> PlanNode {
    var reader = SnapshotReader(snapshot, viewer: viewer)
    let plan: UnitPlan =
      switch family {
      case .outbound(let scope): OutboundView(scope: scope).plan(unit, &reader)
      case .endpoints(let scope): EndpointsView(scope: scope).plan(unit, cache, &reader)
      case .inbound(let scope): InboundView(scope: scope).plan(&reader)
      case .gateway(let scope):
        GatewayView(scope: scope, resolutions: gateways).plan(unit, &reader)
      }
    var resources = UniqueResources()
    add(plan.clusters, &resources)
    add(plan.endpoints, &resources)
    add(plan.listeners, &resources)
    add(plan.routes, &resources)
    add(plan.virtualHosts, &resources)
    add(plan.secrets, &resources)
    return PlanNode(
      family: family, unit: unit, answers: reader.answers, dependencies: reader.dependencies,
      resources: resources.list, notices: plan.notices)
  }

  /// Resources of which no two have one name: the first stands, as Istio has it.
  private struct UniqueResources {
    var list: [EncodedResource] = []
    var names: Set<ResourceName> = []
  }

  private func add<Input: ResourceInput>(
    _ inputs: [Input], _ resources: inout UniqueResources
  ) {
    for input in inputs
    where resources.names.insert(ResourceName(input.type, input.name)).inserted {
      resources.list.append(cache.resource(for: input))
    }
  }
}
