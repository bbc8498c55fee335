internal import HashTreeCollections
internal import MeshModel
internal import XDSProtocol

/// The planning behind a view: its units, and which of them makes what.
struct ViewPlanning {
  let view: View
  /// A copy shares all that does not change.
  private(set) var units: TreeDictionary<PlanUnit, PlanNode> = [:]
  /// What plans could not do, by those units that have something to say.
  private(set) var notices: [PlanUnit: [TranslationNotice]] = [:]
  /// What the choice of the units read.
  var dependencies: Set<SnapshotKey> = []
  /// The proxies that use the view.
  var users: Set<Int> = []
  /// The units that make a resource, where there is more than one.
  private var rivals: [ResourceName: Set<PlanUnit>] = [:]
  /// Winning resources of each name; the view's own unless route configurations are composed of them.
  private var composition: RouteComposition?

  init(view: View) {
    self.view = view
    switch view.key.family {
    case .outbound(let scope) where !scope.discoversVirtualHosts: composition = RouteComposition()
    case .gateway(let scope) where !scope.outbound.discoversVirtualHosts:
      composition = RouteComposition()
    default: break
    }
  }

  /// The planning of `view`, which starts with what `sibling` has published.
  init(view: View, like sibling: ViewPlanning) {
    self.view = view
    units = sibling.units
    notices = sibling.notices
    rivals = sibling.rivals
    composition = sibling.composition
  }

  /// How many entries the planning has beside its view.
  var size: Int {
    rivals.values.reduce(units.count + dependencies.count + users.count) { $0 + 1 + $1.count }
      + notices.count + (composition?.size ?? 0)
  }

  /// What units of one step do to a name.
  private struct Touch {
    var units: Set<PlanUnit> = []
    var old: EncodedResource?
  }

  /// Gives units other nodes, or ends them, and publishes what differs.
  mutating func replace(_ nodes: [PlanUnit: PlanNode?]) -> [ResourceChange] {
    var touched: [ResourceName: Touch] = [:]
    for (unit, new) in nodes {
      let old = units[unit]
      guard old !== new else { continue }
      units[unit] = new
      notices[unit] = new.flatMap { $0.notices.isEmpty ? nil : $0.notices }
      Self.compare(old, new, unit, &touched)
    }
    guard !touched.isEmpty else { return [] }
    var updates: [(ResourceName, EncodedResource?)] = []
    for (name, touch) in touched { updates.append((name, winner(of: name, touch))) }
    return view.publish(composed(updates))
  }

  private static func compare(
    _ old: PlanNode?, _ new: PlanNode?, _ unit: PlanUnit, _ touched: inout [ResourceName: Touch]
  ) {
    for resource in old?.resources ?? [] {
      let name = ResourceName(resource)
      guard new?.resource(name) !== resource else { continue }
      touched[name, default: Touch()].units.insert(unit)
      touched[name]?.old = resource
    }
    for resource in new?.resources ?? [] {
      let name = ResourceName(resource)
      if old?.resource(name) == nil { touched[name, default: Touch()].units.insert(unit) }
    }
  }

  /// Of several units that make one name, one always wins.
  private mutating func winner(of name: ResourceName, _ touch: Touch) -> EncodedResource? {
    var makers = touch.units.union(rivals[name] ?? [])
    if touch.old == nil, rivals[name] == nil, view.resource(name) != nil {
      // Somebody else makes the name too; this is rare enough for a look at everything.
      for (unit, node) in units where node.resource(name) != nil { makers.insert(unit) }
    }
    let living = makers.filter { units[$0]?.resource(name) != nil }
    rivals[name] = living.count > 1 ? living : nil
    let first = living.count > 1 ? living.min { "\($0)" < "\($1)" } : living.first
    return first.flatMap { units[$0]?.resource(name) }
  }

  private mutating func composed(
    _ updates: [(ResourceName, EncodedResource?)]
  ) -> [(ResourceName, EncodedResource?)] {
    guard composition != nil else { return updates }
    var direct: [(ResourceName, EncodedResource?)] = []
    var routes: Set<String> = []
    for (name, resource) in updates {
      if name.type == .route || name.type == .virtualHost {
        if let route = composition?.update(name, to: resource) { routes.insert(route) }
      } else {
        direct.append((name, resource))
      }
    }
    for route in routes {
      direct.append((ResourceName(.route, route), composition?.compose(route)))
    }
    return direct
  }
}

extension ResourceName {
  fileprivate init(_ resource: EncodedResource) {
    self.init(resource.type, resource.name)
  }
}
