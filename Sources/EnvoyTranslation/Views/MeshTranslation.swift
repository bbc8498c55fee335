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
    var dependents: [SnapshotKey: Set<Dependent>] = [:]
    var proxies: [Int: ConnectedProxy] = [:]
    var nextID = 1
    var counters = Counters()
  }

  /// What has to be computed again when a part of the snapshot changes.
  private enum Dependent: Hashable {
    case unit(view: Int, PlanUnit)
    case units(view: Int)
    case proxy(Int)
  }

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

  /// What objects ask for and connected proxies do not get.
  package var notices: [TranslationNotice] {
    let all = state.withLock { state in
      state.plannings.values.filter { $0.users > 0 }.flatMap { $0.units.values.flatMap(\.notices) }
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
      for view in proxy.views { state.plannings[view.id]?.users -= 1 }
    }
  }

  /// Finds the views of a proxy; answers whether they are others than before.
  @discardableResult
  private func resolve(_ proxy: ConnectedProxy, _ state: inout State) -> Bool {
    var reader = SnapshotReader(state.snapshot)
    let scope = ScopeResolution.scope(of: proxy.node, &reader)
    let dependencies = reader.dependencies
    unlink(.proxy(proxy.id), proxy.dependencies, &state)
    link(.proxy(proxy.id), dependencies, &state)
    let old = proxy.views
    let views = scope.parts.map { view(for: $0, &state) }
    let isChanged = old.map(\.id) != views.map(\.id)
    for view in views { state.plannings[view.id]?.users += 1 }
    for view in old { state.plannings[view.id]?.users -= 1 }
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
    var units: [Int: Set<PlanUnit>] = [:]
    var reshaped: Set<Int> = []
    var moved: Set<Int> = []
    for key in changes {
      for dependent in state.dependents[key] ?? [] {
        switch dependent {
        case .unit(let view, let unit): units[view, default: []].insert(unit)
        case .units(let view): reshaped.insert(view)
        case .proxy(let id): moved.insert(id)
        }
      }
    }
    var touched: Set<Int> = []
    for id in Set(units.keys).union(reshaped).sorted() {
      guard let planning = state.plannings[id] else { continue }
      if planning.users == 0 {
        drop(id, &state)
        continue
      }
      if plan(id, dirty: units[id] ?? [], isReshaped: reshaped.contains(id), &state) {
        touched.insert(id)
      }
    }
    var affected: [Int: ConnectedProxy] = [:]
    for id in moved {
      guard let proxy = state.proxies[id] else { continue }
      if resolve(proxy, &state) { affected[id] = proxy }
    }
    if !touched.isEmpty {
      for (id, proxy) in state.proxies
      where proxy.views.contains(where: { touched.contains($0.id) }) {
        affected[id] = proxy
      }
    }
    return affected.keys.sorted().compactMap { affected[$0] }
  }

  // MARK: Views

  private func view(for key: ViewKey, _ state: inout State) -> View {
    if let id = state.viewIDs[key], let planning = state.plannings[id] { return planning.view }
    let view = View(id: state.nextID, key: key)
    state.nextID += 1
    state.viewIDs[key] = view.id
    state.plannings[view.id] = ViewPlanning(view: view)
    state.counters.plannedViews &+= 1
    _ = plan(view.id, dirty: [], isReshaped: true, &state)
    return view
  }

  private func drop(_ id: Int, _ state: inout State) {
    guard let planning = state.plannings.removeValue(forKey: id) else { return }
    state.viewIDs[planning.view.key] = nil
    unlink(.units(view: id), planning.dependencies, &state)
    for (unit, planned) in planning.units {
      unlink(.unit(view: id, unit), planned.dependencies, &state)
    }
  }

  /// Plans units of a view again; answers whether a resource changed.
  private func plan(
    _ id: Int, dirty: Set<PlanUnit>, isReshaped: Bool, _ state: inout State
  ) -> Bool {
    guard var planning = state.plannings[id] else { return false }
    let key = planning.view.key
    var dirty = dirty
    var updated: Set<ResourceName> = []
    if isReshaped {
      var reader = SnapshotReader(state.snapshot)
      let wanted = Set(planner.units(key, &reader))
      let dependencies = reader.dependencies
      relink(.units(view: id), planning.dependencies, dependencies, &state)
      planning.dependencies = dependencies
      for unit in planning.units.keys where !wanted.contains(unit) {
        guard let ended = planning.units.removeValue(forKey: unit) else { continue }
        unlink(.unit(view: id, unit), ended.dependencies, &state)
        updated.formUnion(ended.resources.keys)
      }
      dirty.formUnion(wanted.filter { planning.units[$0] == nil })
      dirty.formIntersection(wanted)
    }
    for unit in dirty {
      var reader = SnapshotReader(state.snapshot)
      let (resources, notices) = planner.resources(key, unit, &reader)
      let dependencies = reader.dependencies
      state.counters.plannedUnits &+= 1
      let old = planning.units[unit]
      relink(.unit(view: id, unit), old?.dependencies ?? [], dependencies, &state)
      planning.units[unit] = ViewPlanning.Unit(
        resources: resources, dependencies: dependencies, notices: notices)
      for name in Set(resources.keys).union(old?.resources.keys.map { $0 } ?? [])
      where resources[name] !== old?.resources[name] {
        updated.insert(name)
      }
    }
    let changes = publish(updated, dirty, &planning)
    state.plannings[id] = planning
    state.counters.publishedChanges &+= UInt64(changes.count)
    return !changes.isEmpty
  }

  /// Publishes the resources of these names; of several units that make one name, one always wins.
  private func publish(
    _ names: Set<ResourceName>, _ planned: Set<PlanUnit>, _ planning: inout ViewPlanning
  ) -> [ResourceChange] {
    guard !names.isEmpty else { return [] }
    var owners: [ResourceName: [(PlanUnit, EncodedResource)]] = [:]
    if names.count == 1 || planning.rivals.isEmpty == false || planned.count < 8 {
      for (unit, state) in planning.units {
        for name in names {
          if let resource = state.resources[name] {
            owners[name, default: []].append((unit, resource))
          }
        }
      }
    } else {
      for (unit, state) in planning.units {
        for (name, resource) in state.resources where names.contains(name) {
          owners[name, default: []].append((unit, resource))
        }
      }
    }
    let updates = names.map { name -> (ResourceName, EncodedResource?) in
      let candidates = owners[name] ?? []
      let winner = candidates.min { "\($0.0)" < "\($1.0)" }
      return (name, winner?.1)
    }
    return planning.view.publish(updates)
  }

  // MARK: Dependencies

  private func link(
    _ dependent: Dependent, _ keys: Set<SnapshotKey>, _ state: inout State
  ) {
    for key in keys { state.dependents[key, default: []].insert(dependent) }
  }

  private func unlink(
    _ dependent: Dependent, _ keys: Set<SnapshotKey>, _ state: inout State
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
