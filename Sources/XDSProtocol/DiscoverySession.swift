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
  var types = PerResourceType { _ in TypeSession() }
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
      // What ends here ends at the proxy with the cluster or listener that names it, not before.
      guard types[type].names.contains(change.name), change.new != nil else { return }
    case .virtualHost:
      guard heldRoutes.contains(Self.route(of: change.name)) else { return }
    }
    types[type].expect(change.name, old: HeldResource(change.old))
  }

  /// The route configuration that a virtual host's resource name belongs to.
  static func route(of virtualHost: String) -> String {
    // A host may hold no slash; a route name may (`unix:///…`).
    virtualHost.lastIndex(of: "/").map { String(virtualHost[..<$0]) } ?? ""
  }

  // MARK: Subscriptions

  private mutating func subscribe(_ type: ResourceType, _ request: DiscoveryRequest) {
    if variant == .stateOfTheWorld, request.nonce.isEmpty { types[type] = TypeSession() }
    let isFirst = !types[type].isWatched
    switch request.names {
    case .all(let names):
      if names.isEmpty && !type.isWildcard {
        // Istio's contract §3.4: no names means no interest, also in a first request.
        types[type] = TypeSession()
        return
      }
      if isFirst { types[type].owesAnswer = true }
      types[type].isWatched = true
      if type.isWildcard {
        if isFirst { expectEverything(type, held: [:]) }
      } else {
        replaceNames(type, Set(names))
      }
    case .change(let subscribed, let unsubscribed, let held):
      if isFirst {
        types[type].isWatched = true
        types[type].owesAnswer = true
        for (name, version) in held { types[type].label.toggle(name, version) }
      }
      switch type {
      case .cluster, .listener:
        if isFirst { expectEverything(type, held: held) }
        for name in subscribed where name != "*" && !isFirst {
          types[type].expect(name, old: .nothing, isForced: true)
        }
      case .virtualHost:
        if isFirst { inherit(held) }
      case .endpoints, .route, .secret:
        var names = subscribed
        if isFirst { names += held.keys.filter { !subscribed.contains($0) } }
        // Envoy sends nothing about clusters while one warms. A stream that begins with endpoints
        // therefore has one that waits for endpoints, of which it may say that it holds them.
        let isWarming = isFirst && type == .endpoints && !types[.cluster].isWatched
        for name in names where name != "*" {
          let isReplaced = type == .endpoints && replacedEarly.remove(name) != nil
          add(type, name, held: held[name], isForced: isWarming || isReplaced)
        }
        for name in unsubscribed { remove(type, name) }
      }
    }
  }

  private mutating func expectEverything(_ type: ResourceType, held: [String: String]) {
    for resource in target.all(type) where held[resource.name] != resource.version {
      types[type].expect(
        resource.name, old: held[resource.name].map { .version($0) } ?? .nothing)
    }
    for (name, version) in held where target[type, name] == nil {
      types[type].expect(name, old: .version(version))
    }
  }

  private mutating func replaceNames(_ type: ResourceType, _ names: Set<String>) {
    for name in types[type].names.subtracting(names) { remove(type, name) }
    for name in names.subtracting(types[type].names) { add(type, name, held: nil) }
  }

  private mutating func add(
    _ type: ResourceType, _ name: String, held: String?, isForced: Bool = false
  ) {
    types[type].names.insert(name)
    guard let held, !isForced, held == resource(type, name)?.version else {
      types[type].expect(
        name, old: held.map { .version($0) } ?? .nothing, isForced: true)
      return
    }
    if type == .route { hold(route: name) }
  }

  private mutating func remove(_ type: ResourceType, _ name: String) {
    types[type].forget(name)
    warming[name] = type == .endpoints ? nil : warming[name]
    guard type == .route, heldRoutes.remove(name) != nil, types[.virtualHost].isWatched else {
      return
    }
    for host in target.virtualHosts(of: name) {
      types[.virtualHost].forget(host.name)
      types[.virtualHost].releases.insert(host.name)
    }
  }

  /// The resource of the newest state, or the empty one where a name has to be answered all the same.
  func resource(_ type: ResourceType, _ name: String) -> EncodedResource? {
    target[type, name] ?? EncodedResource.empty(type, name)
  }

  // MARK: Virtual hosts

  private mutating func inherit(_ held: [String: String]) {
    inheritedHosts = held
    let routes = Set(held.keys.map(Self.route(of:)))
    for route in routes where target[.route, route] == nil {
      for name in held.keys where Self.route(of: name) == route {
        types[.virtualHost].releases.insert(name)
        inheritedHosts[name] = nil
      }
    }
    for route in heldRoutes { expectHosts(of: route) }
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
      types[.virtualHost].expect(
        host.name, old: held.map { .version($0) } ?? .nothing, isForced: true)
    }
    for (name, version) in inheritedHosts where Self.route(of: name) == route {
      types[.virtualHost].expect(name, old: .version(version))
      inheritedHosts[name] = nil
    }
    // Envoy's listener warms until the route is mentioned in an answer.
    if isEmpty { types[.virtualHost].releases.insert(route + "/_") }
  }
}
