internal import MeshModel
internal import XDSProtocol

/// Plans the units of any kind of view and turns inputs into resources.
struct ViewPlanner: Sendable {
  let cache: ResourceCache

  func units(_ key: ViewKey, _ reader: inout SnapshotReader) -> [PlanUnit] {
    switch key {
    case .outbound(let scope): OutboundView(scope: scope).units(&reader)
    case .endpoints(let scope): EndpointsView(scope: scope).units(&reader)
    case .inbound: [.baseline]
    case .gateway(let scope): GatewayView(scope: scope).units(&reader)
    }
  }

  func resources(
    _ key: ViewKey, _ unit: PlanUnit, _ reader: inout SnapshotReader
  ) -> (resources: [ResourceName: EncodedResource], notices: [TranslationNotice]) {
    let plan: UnitPlan =
      switch key {
      case .outbound(let scope): OutboundView(scope: scope).plan(unit, &reader)
      case .endpoints(let scope): EndpointsView(scope: scope).plan(unit, cache, &reader)
      case .inbound(let scope): InboundView(scope: scope).plan(&reader)
      case .gateway(let scope): GatewayView(scope: scope).plan(unit, &reader)
      }
    var resources: [ResourceName: EncodedResource] = [:]
    add(plan.clusters, &resources)
    add(plan.endpoints, &resources)
    add(plan.listeners, &resources)
    add(plan.routes, &resources)
    add(plan.virtualHosts, &resources)
    add(plan.secrets, &resources)
    return (resources, plan.notices)
  }

  private func add<Input: ResourceInput>(
    _ inputs: [Input], _ resources: inout [ResourceName: EncodedResource]
  ) {
    for input in inputs {
      let name = ResourceName(input.type, input.name)
      // Of two with one name the first stands, as Istio has it.
      if resources[name] == nil { resources[name] = cache.resource(for: input) }
    }
  }
}
