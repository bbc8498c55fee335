/// One proxy's conversation over the aggregated discovery service, as a value.
///
/// The session takes requests and new states and answers with actions; it does no I/O and reads no
/// clock. It sends a resource only when everything the resource names is usable at the proxy, removes a
/// resource only when nothing the proxy holds names it, keeps one response per type in flight, and sets
/// a refused resource aside so that it holds up nothing but what names it.
///
/// Sources: <https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol>; the orders and the
/// treatment of refusals are those that Envoy 1.40 was seen to need.
package struct DiscoverySession: Sendable {
  /// Which of the two protocols the stream speaks.
  package enum Variant: Sendable {
    case stateOfTheWorld
    case delta
  }

  /// How long a new cluster may hold up what names it, in milliseconds.
  package struct Patience: Sendable {
    /// For its endpoints to be asked for and acknowledged.
    package var endpoints: Int64 = 5000
    /// For names to be resolved.
    package var resolution: Int64 = 500

    package init() {}
  }

  package let variant: Variant
  let patience: Patience
  var types = PerResourceType { TypeSession($0) }
  /// The state that ``types`` was last compared with.
  var target = ResourceState()
  /// New clusters that were acknowledged but are not usable yet, with the time to stop waiting.
  var warming: [String: Int64] = [:]
  /// Clusters replaced on this stream before it asked for their endpoints, which it may say it holds.
  var replacedEarly: Set<String> = []
  /// Route configurations that the proxy holds, whose virtual hosts may be sent.
  var heldRoutes: Set<String> = []
  /// Virtual hosts that the proxy brought from an earlier stream and that no route has claimed yet.
  var inheritedHosts: [String: String] = [:]
  /// Until when no cluster is removed: a proxy that came back holds listeners and routes that it has
  /// not told of yet, and they may name any cluster that it brought.
  var removalsHeldUntil: Int64?
  private var responses: UInt64 = 0
  private let noncePrefix: String

  /// A session before its first request; `noncePrefix` makes its nonces differ from another stream's.
  package init(variant: Variant, noncePrefix: String, patience: Patience = Patience()) {
    self.variant = variant
    self.noncePrefix = noncePrefix
    self.patience = patience
  }

  /// Takes a request; `state` is the newest state and `now` the session's clock in milliseconds.
  package mutating func receive(
    _ request: DiscoveryRequest, type: ResourceType, state: ResourceState, now: Int64
  ) -> [SessionAction] {
    var actions: [SessionAction] = []
    if types[type].isWatched, !request.nonce.isEmpty, request.nonce != types[type].lastNonce {
      actions.append(.staleNonce(type))
      guard case .change = request.names else { return actions }
    } else if types[type].isWatched, !request.nonce.isEmpty {
      if let message = request.errorMessage {
        actions += refuse(type, message).map { .rejected($0) }
      } else {
        acknowledge(type, now: now)
        actions.append(.acknowledged(type))
      }
    }
    if request.errorMessage == nil {
      if type == .cluster, !types[type].isWatched,
        case .change(_, _, let held) = request.names, !held.isEmpty
      {
        removalsHeldUntil = now + patience.endpoints
      }
      subscribe(type, request)
    }
    return actions + pump(now: now)
  }

  /// Takes a newer state and what changed since the last one given.
  package mutating func update(
    to state: ResourceState, changes: [ResourceChange], now: Int64
  ) -> [SessionAction] {
    target = state
    for change in changes { note(change) }
    return pump(now: now)
  }

  /// Takes the first state; must come before the first request.
  package mutating func begin(_ state: ResourceState) {
    target = state
  }

  /// Goes on after a wait that an action asked for.
  package mutating func wake(now: Int64) -> [SessionAction] {
    warming = warming.filter { $0.value > now }
    if let time = removalsHeldUntil, time <= now { removalsHeldUntil = nil }
    return pump(now: now)
  }

  mutating func nextNonce() -> String {
    responses &+= 1
    return noncePrefix + String(responses, radix: 36)
  }

  // MARK: Changes of the state

  private mutating func note(_ change: ResourceChange) {
    let type = change.type
    guard types[type].isWatched else { return }
    switch type {
    case .cluster, .listener:
      break
    case .endpoints, .route, .secret:
      if change.old == nil { types[type].interest.began(change.name) }
      if change.new == nil { types[type].interest.ended(change.name) }
      // What ends here ends at the proxy with the cluster or listener that names it, not before.
      guard change.new != nil, isWanted(type, change.name) else { return }
    case .virtualHost:
      guard heldRoutes.contains(Self.route(of: change.name)) else { return }
    }
    expect(type, change.name, old: HeldResource(change.old))
    // A proxy that never answers must not make this grow with all that comes and goes meanwhile.
    if change.new == nil { types[type].forgetUnsent(change.name) }
  }

  /// Notes that the proxy shall hold another version of `name`; one that waits for everything does
  /// already.
  mutating func expect(
    _ type: ResourceType, _ name: String, old: HeldResource, isForced: Bool = false
  ) {
    if types[type].awaitsEverything, type.isWildcard || target[type, name] != nil { return }
    types[type].expect(name, old: old, isForced: isForced)
  }

  /// Whether the proxy asked for the name.
  func isWanted(_ type: ResourceType, _ name: String) -> Bool {
    types[type].interest.contains(name, exists: target[type, name] != nil)
  }

  /// The route configuration that a virtual host's resource name belongs to.
  static func route(of virtualHost: String) -> String {
    // A host may hold no slash; a route name may (`unix:///…`).
    virtualHost.lastIndex(of: "/").map { String(virtualHost[..<$0]) } ?? ""
  }

  // MARK: Subscriptions

  private mutating func subscribe(_ type: ResourceType, _ request: DiscoveryRequest) {
    if variant == .stateOfTheWorld, request.nonce.isEmpty { types[type] = TypeSession(type) }
    let isFirst = !types[type].isWatched
    switch request.names {
    case .all(let names):
      if names.isEmpty && !type.isWildcard {
        // Istio's contract §3.4: no names means no interest, also in a first request.
        types[type] = TypeSession(type)
        return
      }
      if isFirst { types[type].owesAnswer = true }
      types[type].isWatched = true
      if type.isWildcard {
        if isFirst { expectEverything(type, held: [:]) }
      } else {
        replaceNames(type, names)
      }
    case .change(let subscribed, let unsubscribed, let held):
      if isFirst {
        types[type].isWatched = true
        types[type].owesAnswer = true
      }
      switch type {
      case .cluster, .listener:
        if isFirst { expectEverything(type, held: held) }
        if !isFirst {
          for name in subscribed.strings where name != "*" {
            expect(type, name, old: .nothing, isForced: true)
          }
        }
      case .virtualHost:
        if isFirst { inherit(held) }
      case .endpoints, .route, .secret:
        // Envoy sends nothing about clusters while one warms. A stream that begins with endpoints
        // therefore has one that waits for endpoints, of which it may say that it holds them.
        let isWarming = isFirst && type == .endpoints && !types[.cluster].isWatched
        if isFirst, !isWarming, addEverything(type, subscribed, held) { return }
        let versions = held.dictionary
        var names = subscribed.strings
        if isFirst { names += Set(versions.keys).subtracting(names) }
        for name in names where name != "*" {
          let isReplaced = type == .endpoints && replacedEarly.remove(name) != nil
          add(type, name, held: versions[name], isForced: isWarming || isReplaced)
        }
        for name in unsubscribed.strings { remove(type, name) }
        types[type].interest.compact(target.names(type))
      }
    }
  }

  /// Takes a request for just the names that exist, of which the proxy holds nothing or all at the
  /// newest version; false for any other.
  private mutating func addEverything(
    _ type: ResourceType, _ names: NameList, _ held: HeldVersions
  ) -> Bool {
    guard type == .endpoints, replacedEarly.isEmpty, names.digest.count > 0,
      names.digest == target.names(type), target.disjointParts(type) != nil
    else { return false }
    guard held.isEmpty || held.digest == target.contents(type) else { return false }
    types[type].interest = .everything
    types[type].awaitsEverything = held.isEmpty
    return true
  }

  private mutating func expectEverything(_ type: ResourceType, held: HeldVersions) {
    if held.isEmpty {
      types[type].awaitsEverything = target.names(type).count > 0
      return
    }
    if held.digest == target.contents(type), target.disjointParts(type) != nil { return }
    let versions = held.dictionary
    for resource in target.all(type) where versions[resource.name] != resource.version {
      types[type].expect(
        resource.name, old: versions[resource.name].map { .version($0) } ?? .nothing)
    }
    for (name, version) in versions where target[type, name] == nil {
      types[type].expect(name, old: .version(version))
    }
  }

  private mutating func replaceNames(_ type: ResourceType, _ names: NameList) {
    // The list is the same in every acknowledgement.
    guard names.digest != types[type].lastNames else { return }
    types[type].lastNames = names.digest
    if types[type].interest.isEmpty, types[type].pending.isEmpty, addEverything(type, names, [:]) {
      return
    }
    let new = Set(names.strings)
    let old = types[type].interest.names(existing: target.all(type).lazy.map(\.name))
    for name in old.subtracting(new) { remove(type, name) }
    for name in new.subtracting(old) { add(type, name, held: nil) }
    types[type].interest.compact(target.names(type))
  }

  private mutating func add(
    _ type: ResourceType, _ name: String, held: String?, isForced: Bool = false
  ) {
    let exists = target[type, name] != nil
    types[type].interest.insert(name, exists: exists)
    guard let held, !isForced, held == resource(type, name)?.version else {
      expect(type, name, old: held.map { .version($0) } ?? .nothing, isForced: true)
      return
    }
    if type == .route { hold(route: name) }
  }

  private mutating func remove(_ type: ResourceType, _ name: String) {
    types[type].forget(name, exists: target[type, name] != nil)
    warming[name] = type == .endpoints ? nil : warming[name]
    guard type == .route, heldRoutes.remove(name) != nil, types[.virtualHost].isWatched else {
      return
    }
    if types[.virtualHost].awaitsEverything { awaitOneByOne(.virtualHost) }
    for host in target.virtualHosts(of: name) {
      types[.virtualHost].forget(host.name, exists: true)
      types[.virtualHost].releases.insert(host.name)
    }
  }

  /// The resource of the newest state, or the empty one where a name has to be answered all the same.
  func resource(_ type: ResourceType, _ name: String) -> EncodedResource? {
    target[type, name] ?? EncodedResource.empty(type, name)
  }

  // MARK: Virtual hosts

  private mutating func inherit(_ held: HeldVersions) {
    // Mostly the proxy has all routes and none of their hosts, or all at the newest version.
    if holdsEveryRoute, held.isEmpty || held.digest == target.contents(.virtualHost) {
      types[.virtualHost].awaitsEverything = held.isEmpty && target.names(.virtualHost).count > 0
      for route in heldRoutes where !hasHosts(route) {
        types[.virtualHost].releases.insert(route + "/_")
      }
      return
    }
    let versions = held.dictionary
    inheritedHosts = versions
    let routes = Set(versions.keys.map(Self.route(of:)))
    for route in routes where target[.route, route] == nil {
      for name in versions.keys where Self.route(of: name) == route {
        types[.virtualHost].releases.insert(name)
        inheritedHosts[name] = nil
      }
    }
    for route in heldRoutes { expectHosts(of: route) }
  }

  /// Whether every route configuration that has virtual hosts is held by the proxy.
  var holdsEveryRoute: Bool {
    target.disjointParts(.virtualHost) != nil
      && target.parts.allSatisfy { part in
        part.resources.hostsOfRoute.keys.allSatisfy { heldRoutes.contains($0) }
      }
  }

  private func hasHosts(_ route: String) -> Bool {
    target.parts.contains { $0.resources.hostsOfRoute[route] != nil }
  }

  /// Notes that the proxy holds a route configuration, and expects its virtual hosts.
  mutating func hold(route: String) {
    guard heldRoutes.insert(route).inserted, types[.virtualHost].isWatched else { return }
    expectHosts(of: route)
  }

  private mutating func expectHosts(of route: String) {
    guard target[.route, route] != nil else { return }
    var isEmpty = true
    for host in target.virtualHosts(of: route) {
      isEmpty = false
      types[.virtualHost].releases.remove(host.name)
      let held = inheritedHosts.removeValue(forKey: host.name)
      if held == host.version { continue }
      expect(
        .virtualHost, host.name, old: held.map { .version($0) } ?? .nothing, isForced: true)
    }
    for (name, version) in inheritedHosts where Self.route(of: name) == route {
      types[.virtualHost].expect(name, old: .version(version))
      inheritedHosts[name] = nil
    }
    // Envoy's listener warms until the route is mentioned in an answer.
    if isEmpty { types[.virtualHost].releases.insert(route + "/_") }
  }
}
