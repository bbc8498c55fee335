internal import HashTreeCollections
package import MeshModel
internal import Synchronization
package import XDSProtocol

/// Keeps the configuration of every connected proxy in step with the mesh.
///
/// Proxies with the same scope share views. A change of the mesh finds the units that read what
/// changed, plans those again, and publishes only resources whose bytes differ.
package final class MeshTranslation: ResourceDiscovery, Sendable {
  /// What planning did, for metrics and tests.
  package struct Counters: Hashable, Sendable {
    package var plannedUnits: UInt64 = 0
    package var plannedViews: UInt64 = 0
    package var publishedChanges: UInt64 = 0

    package init() {}
  }

  private struct State {
    var snapshot: MeshSnapshot
    var plannings: [Int: ViewPlanning] = [:]
    var viewIDs: [ViewKey: Int] = [:]
    var families: [ViewFamily: Family] = [:]
    var dependents: [SnapshotKey: Set<Dependent>] = [:]
    var proxies: [Int: ConnectedProxy] = [:]
    /// Views that no proxy uses, the longest unused first.
    var unused: [Int] = []
    var nextID = 1
    var counters = Counters()
  }

  /// Views that differ in their viewer only, with their shared plans.
  private struct Family {
    var views: Set<Int> = []
    var nodes: [PlanUnit: [PlanNode]] = [:]
  }

  /// What has to be computed again when a part of the snapshot changes.
  private enum Dependent: Hashable {
    case node(PlanNode)
    case units(view: Int)
    case proxy(Int)
  }

  /// How many views that no proxy uses are kept until the next change: their proxies often come back.
  private static let unusedLimit = 1000

  package let cache = ResourceCache()
  private let planner: ViewPlanner
  private let state: Mutex<State>

  package init(snapshot: MeshSnapshot) {
    planner = ViewPlanner(cache: cache)
    state = Mutex(State(snapshot: snapshot))
  }

  package var counters: Counters { state.withLock(\.counters) }

  /// How many views there are.
  package var viewCount: Int { state.withLock(\.plannings.count) }

  /// How many entries each index has, members of its sets included.
  ///
  /// A mesh and proxies that are again what they were have as many as they had, but for `logged`, the
  /// names of the latest changes, of which each view keeps a bounded number, and for `cached` before
  /// ``ResourceCache/sweep()``.
  package var indexSizes: [String: Int] {
    var sizes = state.withLock { state in
      let views = state.plannings.values.map(\.view.sizes)
      let nodes = state.families.values.flatMap(\.nodes.values)
      return [
        "plannings": state.plannings.values.reduce(state.plannings.count) { $0 + $1.size },
        "published": views.reduce(0) { $0 + $1.resources },
        "logged": views.reduce(0) { $0 + $1.logged }, "viewIDs": state.viewIDs.count,
        "families": state.families.values.reduce(state.families.count) { $0 + $1.views.count },
        "nodes": nodes.reduce(nodes.count) { $0 + $1.count },
        "dependents": state.dependents.values.reduce(state.dependents.count) { $0 + $1.count },
        "proxies": state.proxies.values.reduce(state.proxies.count) {
          $0 + $1.dependencies.count + $1.views.count
        },
        "unused": state.unused.count,
      ]
    }
    sizes["cached"] = cache.count
    return sizes
  }

  /// What objects ask for and connected proxies do not get.
  package var notices: [TranslationNotice] {
    let all = state.withLock { state in
      state.plannings.values.filter { !$0.users.isEmpty }
        .flatMap { $0.notices.values.joined() }
    }
    return Set(all).sorted()
  }

  // MARK: Proxies

  package func open(
    _ proxy: ProxyNode, changed: @escaping @Sendable () -> Void
  ) async -> any ProxyResources {
    state.withLock { state in
      let id = state.nextID
      state.nextID += 1
      let connected = ConnectedProxy(
        id: id, node: proxy, changed: changed, close: { [weak self] in self?.close(id) })
      state.proxies[id] = connected
      resolve(connected, &state)
      return connected
    }
  }

  private func close(_ id: Int) {
    state.withLock { state in
      guard let proxy = state.proxies.removeValue(forKey: id) else { return }
      unlink(.proxy(id), proxy.dependencies, &state)
      for view in proxy.views { leave(view.id, id, &state) }
    }
  }

  private func leave(_ view: Int, _ proxy: Int, _ state: inout State) {
    state.plannings[view]?.users.remove(proxy)
    guard state.plannings[view]?.users.isEmpty == true else { return }
    state.unused.append(view)
    guard state.unused.count > Self.unusedLimit else { return }
    let longest = state.unused.removeFirst()
    if state.plannings[longest]?.users.isEmpty == true { drop(longest, &state) }
  }

  /// Finds the views of a proxy; answers whether they are others than before.
  @discardableResult
  private func resolve(_ proxy: ConnectedProxy, _ state: inout State) -> Bool {
    var reader = SnapshotReader(state.snapshot)
    let scope = ScopeResolution.scope(of: proxy.node, &reader)
    let dependencies = reader.dependencies
    relink(.proxy(proxy.id), proxy.dependencies, dependencies, &state)
    let old = proxy.views
    let views = scope.parts.map { view(for: $0, &state) }
    let ids = views.map(\.id)
    let isChanged = old.map(\.id) != ids
    for view in views where state.plannings[view.id]?.users.insert(proxy.id).inserted == true {
      state.unused.removeAll { $0 == view.id }
    }
    for view in old where !ids.contains(view.id) { leave(view.id, proxy.id, &state) }
    proxy.set(views, dependencies: dependencies)
    return isChanged
  }

  // MARK: Changes

  /// Takes a newer snapshot and what changed in it.
  package func update(to snapshot: MeshSnapshot, _ changes: ChangeSet) {
    let affected = state.withLock { state in
      state.snapshot = snapshot
      return replan(changes, &state)
    }
    for proxy in affected { proxy.changed() }
  }

  private func replan(_ changes: ChangeSet, _ state: inout State) -> [ConnectedProxy] {
    planner.gateways.forget(changes)
    // Planning for nobody is wasted.
    for view in state.unused where state.plannings[view]?.users.isEmpty == true {
      drop(view, &state)
    }
    state.unused = []
    var stale: Set<PlanNode> = []
    var reshaped: Set<Int> = []
    var moved: Set<Int> = []
    for key in changes {
      for dependent in state.dependents[key] ?? [] {
        switch dependent {
        case .node(let node): stale.insert(node)
        case .units(let view): reshaped.insert(view)
        case .proxy(let id): moved.insert(id)
        }
      }
    }
    var dirty: [ViewFamily: Set<PlanUnit>] = [:]
    for node in stale {
      forget(node, &state)
      dirty[node.family, default: []].insert(node.unit)
    }
    for family in state.families.keys {
      let concerned = changes.compactMap { planner.unit(family, concernedBy: $0) }
      if !concerned.isEmpty { dirty[family, default: []].formUnion(concerned) }
    }
    var touched: Set<Int> = []
    // Endpoints last: their versions are made with those of the clusters, which are then at hand.
    for (family, units) in dirty.sorted(by: { !$0.key.hasEndpoints && $1.key.hasEndpoints }) {
      for view in (state.families[family]?.views ?? []).sorted()
      where plan(view, units, isReshaped: reshaped.remove(view) != nil, &state) {
        touched.insert(view)
      }
    }
    for view in reshaped.sorted() where plan(view, [], isReshaped: true, &state) {
      touched.insert(view)
    }
    var affected: Set<Int> = []
    for view in touched { affected.formUnion(state.plannings[view]?.users ?? []) }
    for id in moved.sorted() {
      guard let proxy = state.proxies[id] else { continue }
      if resolve(proxy, &state) { affected.insert(id) }
    }
    return affected.sorted().compactMap { state.proxies[$0] }
  }

  // MARK: Views

  private func view(for key: ViewKey, _ state: inout State) -> View {
    if let id = state.viewIDs[key], let planning = state.plannings[id] { return planning.view }
    let sibling = state.families[key.family]?.views.first.flatMap { state.plannings[$0] }
    let view = View(id: state.nextID, key: key, like: sibling?.view)
    state.nextID += 1
    state.viewIDs[key] = view.id
    state.plannings[view.id] =
      sibling.map { ViewPlanning(view: view, like: $0) } ?? ViewPlanning(view: view)
    state.families[key.family, default: Family()].views.insert(view.id)
    state.counters.plannedViews &+= 1
    // Most of what another viewer sees this one sees too.
    _ = plan(view.id, Set(sibling?.units.keys.map { $0 } ?? []), isReshaped: true, &state)
    return view
  }

  private func drop(_ id: Int, _ state: inout State) {
    guard let planning = state.plannings.removeValue(forKey: id) else { return }
    let key = planning.view.key
    state.viewIDs[key] = nil
    unlink(.units(view: id), planning.dependencies, &state)
    state.families[key.family]?.views.remove(id)
    let others = state.families[key.family]?.views ?? []
    for (unit, node) in planning.units
    where !others.contains(where: { state.plannings[$0]?.units[unit] === node }) {
      forget(node, &state)
    }
    if others.isEmpty { state.families[key.family] = nil }
  }

  /// Plans units of a view again; answers whether a resource changed.
  private func plan(
    _ id: Int, _ units: Set<PlanUnit>, isReshaped: Bool, _ state: inout State
  ) -> Bool {
    guard let view = state.plannings[id]?.view else { return false }
    var wanted = units
    var nodes: [PlanUnit: PlanNode?] = [:]
    if isReshaped {
      var reader = SnapshotReader(state.snapshot, viewer: view.key.viewer)
      let all = Set(planner.units(view.key.family, &reader))
      let dependencies = reader.dependencies
      relink(.units(view: id), state.plannings[id]?.dependencies ?? [], dependencies, &state)
      state.plannings[id]?.dependencies = dependencies
      let known = Set(state.plannings[id]?.units.keys.map { $0 } ?? [])
      for ended in known.subtracting(all) { nodes.updateValue(nil, forKey: ended) }
      wanted = wanted.union(all.subtracting(known)).intersection(all)
    }
    var released = nodes.keys.compactMap { state.plannings[id]?.units[$0] }
    for unit in wanted {
      let node = node(view.key, unit, &state)
      let isVoid = node.isEmpty && !isDeclared(unit, of: view.key.family, state)
      nodes.updateValue(isVoid ? nil : node, forKey: unit)
      if isVoid { released.append(node) }
      if let old = state.plannings[id]?.units[unit], old !== node { released.append(old) }
    }
    let changes = state.plannings[id]?.replace(nodes) ?? []
    for node in released { release(node, &state) }
    state.counters.publishedChanges &+= UInt64(changes.count)
    return !changes.isEmpty
  }

  /// Whether the mesh still has what the unit is about.
  private func isDeclared(_ unit: PlanUnit, of family: ViewFamily, _ state: State) -> Bool {
    let reader = SnapshotReader(state.snapshot)
    switch unit {
    case .baseline, .route, .virtualHost: return true
    case .host(let host): return reader.isDeclared(host: host)
    // A gateway's ports are those of its servers, which its view enumerates.
    case .port where family.isGateway: return true
    // Port 80 serves the hosts that virtual services alone declare.
    case .port(let number): return number == 80 || reader.isDeclared(port: number)
    case .address(let address): return reader.isDeclared(address: address)
    }
  }

  // MARK: Nodes

  /// The plan of a unit that holds for a view's viewer: a shared one, or a new one.
  private func node(_ key: ViewKey, _ unit: PlanUnit, _ state: inout State) -> PlanNode {
    let known = state.families[key.family]?.nodes[unit] ?? []
    if let node = known.first(where: { $0.holds(for: key.viewer) }) { return node }
    let node = planner.plan(key.family, unit, for: key.viewer, in: state.snapshot)
    state.counters.plannedUnits &+= 1
    state.families[key.family]?.nodes[unit, default: []].append(node)
    link(.node(node), node.dependencies, &state)
    return node
  }

  /// Ends a plan that no longer holds, or that nobody uses.
  private func forget(_ node: PlanNode, _ state: inout State) {
    unlink(.node(node), node.dependencies, &state)
    state.families[node.family]?.nodes[node.unit]?.removeAll { $0 === node }
    if state.families[node.family]?.nodes[node.unit]?.isEmpty == true {
      state.families[node.family]?.nodes[node.unit] = nil
    }
  }

  /// Ends a plan that a view gave up, unless another view still uses it.
  private func release(_ node: PlanNode, _ state: inout State) {
    let family = state.families[node.family]
    guard family?.nodes[node.unit]?.contains(node) == true else { return }
    for view in family?.views ?? [] where state.plannings[view]?.units[node.unit] === node {
      return
    }
    forget(node, &state)
  }

  // MARK: Dependencies

  private func link(
    _ dependent: Dependent, _ keys: some Sequence<SnapshotKey>, _ state: inout State
  ) {
    for key in keys { state.dependents[key, default: []].insert(dependent) }
  }

  private func unlink(
    _ dependent: Dependent, _ keys: some Sequence<SnapshotKey>, _ state: inout State
  ) {
    for key in keys {
      state.dependents[key]?.remove(dependent)
      if state.dependents[key]?.isEmpty == true { state.dependents[key] = nil }
    }
  }

  private func relink(
    _ dependent: Dependent, _ old: Set<SnapshotKey>, _ new: Set<SnapshotKey>,
    _ state: inout State
  ) {
    guard old != new else { return }
    unlink(dependent, old.subtracting(new), &state)
    link(dependent, new.subtracting(old), &state)
  }
}
