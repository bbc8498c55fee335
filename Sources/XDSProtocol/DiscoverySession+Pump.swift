// What may be sent now, and in which order.

extension DiscoverySession {
  /// Sends whatever may be sent: clusters, endpoints, listeners, routes, virtual hosts, in this order.
  mutating func pump(now: Int64) -> [SessionAction] {
    var actions: [SessionAction] = []
    for type in ResourceType.allCases {
      if let response = next(type) { actions.append(.respond(response)) }
    }
    let waits = Array(warming.values) + (removalsHeldUntil.map { [$0] } ?? [])
    if let wake = waits.min() { actions.append(.wake(at: wake)) }
    return actions
  }

  private mutating func next(_ type: ResourceType) -> DiscoveryResponse? {
    guard types[type].isWatched, types[type].inFlight == nil else { return nil }
    if types[type].awaitsEverything {
      if let response = sendEverything(type) { return response }
      awaitOneByOne(type)
    }
    dropSettled(type)
    var names = sendable(type)
    if let batch = nextSuspects(type) { names.formIntersection(batch) }
    let releases = types[type].releases
    if names.isEmpty && releases.isEmpty {
      guard types[type].owesAnswer, types[type].pending.isEmpty, !waitsForRoutes(type),
        type != .secret
      else {
        return nil
      }
    }
    return send(type, names.sorted(), releases: releases)
  }

  private func waitsForRoutes(_ type: ResourceType) -> Bool {
    type == .virtualHost && !types[.route].isIdle
  }

  /// Forgets expectations that the newest state meets already.
  private mutating func dropSettled(_ type: ResourceType) {
    guard !types[type].pending.isEmpty else { return }
    for (name, pending) in types[type].pending {
      let new = named(type, name)
      if new == nil, pending.held.version == nil || isSilentlyRemoved(type) {
        types[type].pending[name] = nil
        types[type].refused[name] = nil
      } else if !pending.isForced, new?.version == pending.held.version {
        types[type].pending[name] = nil
        types[type].refused[name] = nil
      } else if let refused = types[type].refused[name],
        refused.rejection.version == new?.version
      {
        types[type].pending[name] = nil
      }
    }
  }

  /// Whether a resource of this type needs no removal message: its end follows from another type's.
  private func isSilentlyRemoved(_ type: ResourceType) -> Bool {
    switch type {
    case .endpoints, .route, .secret: true
    case .cluster, .listener, .virtualHost: false
    }
  }

  /// The newest resource; for names that were asked for, the empty one rather than none.
  private func named(_ type: ResourceType, _ name: String) -> EncodedResource? {
    isWanted(type, name) ? resource(type, name) : target[type, name]
  }

  private mutating func nextSuspects(_ type: ResourceType) -> Set<String>? {
    while let batch = types[type].suspects.first {
      let remaining = batch.filter { types[type].pending[$0] != nil }
      if !remaining.isEmpty { return Set(remaining) }
      types[type].suspects.removeFirst()
    }
    return nil
  }

  private func sendable(_ type: ResourceType) -> Set<String> {
    var ready: Set<String> = []
    var blocked: Set<String> = []
    var removals: Set<String> = []
    for name in types[type].pending.keys {
      guard let new = named(type, name) else {
        removals.insert(name)
        continue
      }
      if mayBeSent(new) { ready.insert(name) } else { blocked.insert(name) }
    }
    switch type {
    case .cluster: if mayRemoveClusters { ready.formUnion(removals.filter(mayRemoveCluster)) }
    case .virtualHost: ready = ready.union(removals).subtracting(tied(to: blocked, removals))
    default: if blocked.isEmpty { ready.formUnion(removals) }
    }
    return ready
  }

  private func mayBeSent(_ resource: EncodedResource) -> Bool {
    switch resource.type {
    case .cluster, .secret: return true
    case .endpoints:
      // After its cluster, which would otherwise warm again and wait for these very endpoints. But
      // Envoy acknowledges no clusters while one warms: with clusters in flight nothing may wait.
      return types[.cluster].inFlight != nil || target[.cluster, resource.name] == nil
        || (types[.cluster].pending[resource.name] == nil && !types[.cluster].awaitsEverything)
    case .virtualHost:
      guard heldRoutes.contains(Self.route(of: resource.name)) else { return false }
      return resource.references.allSatisfy(isUsable)
    case .listener, .route: return resource.references.allSatisfy(isUsable)
    }
  }

  /// Whether the proxy can use what `reference` names; a name that does not exist is no gate.
  private func isUsable(_ reference: ResourceName) -> Bool {
    guard reference.type == .cluster, types[.cluster].isWatched,
      target[.cluster, reference.name] != nil
    else { return true }
    let clusters = types[.cluster]
    if warming[reference.name] != nil || clusters.awaitsEverything { return false }
    if let pending = clusters.pending[reference.name], pending.held.version == nil { return false }
    if let refused = clusters.refused[reference.name], refused.lastGood.version == nil {
      return false
    }
    guard let inFlight = clusters.inFlight else { return true }
    if inFlight.whole?[.cluster, reference.name] != nil { return false }
    return !inFlight.entries.contains { $0.name == reference.name && $0.held.version == nil }
  }

  /// Removals come last: when the proxy holds the newest of everything that could name a cluster.
  private var mayRemoveClusters: Bool {
    removalsHeldUntil == nil
      && [ResourceType.listener, .route, .virtualHost].allSatisfy {
        !types[$0].isWatched || types[$0].isIdle
      }
  }

  private func mayRemoveCluster(_ name: String) -> Bool {
    let reference = ResourceName(.cluster, name)
    return ![ResourceType.listener, .route, .virtualHost].contains { type in
      types[type].refused.values.contains {
        $0.lastGood.resource?.references.contains(reference) ?? false
      }
    }
  }

  /// The virtual hosts that have to wait with `blocked` ones because a domain moves between them.
  private func tied(to blocked: Set<String>, _ removals: Set<String>) -> Set<String> {
    guard !blocked.isEmpty else { return [] }
    let type = ResourceType.virtualHost
    func domains(_ name: String) -> Set<String> {
      let route = Self.route(of: name)
      let old = types[type].pending[name]?.held.resource?.exclusiveNames ?? []
      let new = target[type, name]?.exclusiveNames ?? []
      return Set((old + new).map { route + "/" + $0 })
    }
    var waiting = blocked
    var taken = blocked.reduce(into: Set<String>()) { $0.formUnion(domains($1)) }
    var rest = Set(types[type].pending.keys).subtracting(blocked)
    while let name = rest.first(where: { !taken.isDisjoint(with: domains($0)) }) {
      rest.remove(name)
      waiting.insert(name)
      taken.formUnion(domains(name))
    }
    return waiting
  }

  // MARK: Sending

  private mutating func send(
    _ type: ResourceType, _ names: [String], releases: Set<String>
  ) -> DiscoveryResponse {
    var entries: [TypeSession.Entry] = []
    var resources: [EncodedResource] = []
    var removed = releases.sorted()
    for name in names {
      guard let pending = types[type].pending.removeValue(forKey: name) else { continue }
      let new = named(type, name)
      entries.append(TypeSession.Entry(name: name, held: pending.held, sent: new))
      if let new {
        resources.append(new)
        sendEndpointsAgain(after: new, held: pending.held)
      } else {
        removed.append(name)
      }
    }
    let nonce = nextNonce()
    types[type].releases = []
    types[type].owesAnswer = false
    types[type].lastNonce = nonce
    types[type].inFlight = TypeSession.InFlight(nonce: nonce, entries: entries)
    var response = DiscoveryResponse(
      type: type, nonce: nonce, single: resources, removed: variant == .delta ? removed : [],
      version: target.contents(type).text)
    if variant == .stateOfTheWorld, type.isWildcard { complete(&response) }
    return response
  }

  /// Sends all resources of a type to a proxy that holds none, without a look at each; nil where they
  /// cannot go all at once.
  private mutating func sendEverything(_ type: ResourceType) -> DiscoveryResponse? {
    guard types[type].pending.isEmpty, types[type].interest.excluded.isEmpty,
      types[type].suspects.isEmpty, types[type].refused.isEmpty, isEverythingUsable(for: type),
      let parts = target.disjointParts(type)
    else { return nil }
    let nonce = nextNonce()
    let removed = types[type].releases.sorted()
    types[type].awaitsEverything = false
    types[type].releases = []
    types[type].owesAnswer = false
    types[type].lastNonce = nonce
    types[type].inFlight = TypeSession.InFlight(nonce: nonce, entries: [], whole: target)
    return DiscoveryResponse(
      type: type, nonce: nonce, whole: parts, removed: variant == .delta ? removed : [],
      version: target.contents(type).text)
  }

  /// Whether the proxy can use everything that any resource of the type names.
  private func isEverythingUsable(for type: ResourceType) -> Bool {
    let clusters = types[.cluster]
    switch type {
    case .cluster, .secret: return true
    case .endpoints:
      return clusters.inFlight != nil || (clusters.pending.isEmpty && !clusters.awaitsEverything)
    case .listener, .route, .virtualHost:
      guard clusters.isIdle || !clusters.isWatched, warming.isEmpty, clusters.refused.isEmpty
      else { return false }
      return type != .virtualHost || holdsEveryRoute
    }
  }

  /// Expects the resources of a type one by one instead of all at once.
  mutating func awaitOneByOne(_ type: ResourceType) {
    guard types[type].awaitsEverything else { return }
    types[type].awaitsEverything = false
    for resource in target.all(type) {
      switch type {
      case .virtualHost: guard heldRoutes.contains(Self.route(of: resource.name)) else { continue }
      case .endpoints, .route, .secret: guard isWanted(type, resource.name) else { continue }
      case .cluster, .listener: break
      }
      types[type].expect(resource.name, old: .nothing, isForced: true)
    }
  }

  /// A cluster that is replaced warms again, and Envoy does not ask again for endpoints it subscribed to.
  private mutating func sendEndpointsAgain(after cluster: EncodedResource, held: HeldResource) {
    guard cluster.type == .cluster, cluster.readiness == .endpoints, held.version != nil else {
      return
    }
    guard isWanted(.endpoints, cluster.name) else {
      replacedEarly.insert(cluster.name)
      return
    }
    expect(.endpoints, cluster.name, old: .nothing, isForced: true)
  }

  /// Makes a response hold everything the proxy shall hold now of a type that is always sent whole.
  private func complete(_ response: inout DiscoveryResponse) {
    let type = response.type
    if types[type].pending.isEmpty, types[type].refused.isEmpty,
      let parts = target.disjointParts(type)
    {
      response.whole = parts
      response.single = []
      return
    }
    var resources: [EncodedResource] = []
    for resource in target.all(type) {
      if let held = types[type].held(resource.name, current: resource) { resources.append(held) }
    }
    // Removals that have to wait.
    for (name, pending) in types[type].pending where target[type, name] == nil {
      if let held = pending.held.resource { resources.append(held) }
    }
    response.single = resources
  }
}
