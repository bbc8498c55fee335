package import XDSProtocol

/// A proxy that talks to a ``DiscoverySession`` as Envoy does in the incremental protocol: it asks for
/// clusters, their endpoints, listeners, their routes and the virtual hosts, and takes whatever comes.
package struct SimulatedProxy: ~Copyable {
  /// The proxy's resources, as the control plane has them.
  private let handle: any ProxyResources
  private var session: DiscoverySession
  private var state: ResourceState
  private var now: Int64 = 0
  private var wakeTime: Int64?
  /// What the proxy holds, by type.
  package private(set) var held: [ResourceType: [String: String]] = [:]
  private var names: [ResourceType: Set<String>] = [:]
  package private(set) var traffic = ProxyTraffic()

  /// Connects; `held` is what an earlier stream of the proxy brought.
  package init(
    to discovery: some ResourceDiscovery, as node: ProxyNode,
    held: [ResourceType: [String: String]] = [:], woken: @escaping @Sendable () -> Void = {}
  ) async {
    handle = await discovery.open(node, changed: woken)
    session = DiscoverySession(variant: .delta, noncePrefix: "b")
    state = handle.current()
    session.begin(state)
    self.held = held
  }

  /// How many entries the session keeps.
  package var sessionSize: Int { session.indexSize }

  /// Subscribes to everything, in Envoy's order.
  package mutating func start() {
    subscribe(.cluster, [])
    subscribe(.listener, [])
    settle()
  }

  /// Takes what changed since the last call.
  package mutating func catchUp() {
    let newest = handle.current()
    guard !newest.isSame(as: state) else { return }
    let changes = handle.changes(from: state, to: newest)
    state = newest
    perform(session.update(to: newest, changes: changes, now: now))
    settle()
  }

  /// Ends the stream.
  package consuming func close() { handle.close() }

  // MARK: The conversation

  private mutating func subscribe(_ type: ResourceType, _ added: [String]) {
    let isFirst = names[type] == nil
    names[type, default: []].formUnion(added)
    send(
      type,
      .change(
        subscribe: NameList(added), unsubscribe: [],
        held: isFirst ? HeldVersions(held[type] ?? [:]) : [:]))
  }

  private mutating func send(
    _ type: ResourceType, _ change: DiscoveryRequest.Names, nonce: String = ""
  ) {
    let request = DiscoveryRequest(typeURL: type.typeURL, nonce: nonce, names: change)
    perform(session.receive(request, type: type, state: state, now: now))
  }

  private mutating func perform(_ actions: [SessionAction]) {
    for action in actions {
      switch action {
      case .respond(let response): take(response)
      case .wake(let time): wakeTime = min(wakeTime ?? time, time)
      case .acknowledged, .rejected, .staleNonce: break
      }
    }
  }

  private mutating func take(_ response: DiscoveryResponse) {
    traffic.count(response, .delta)
    for resource in response.resources {
      held[response.type, default: [:]][resource.name] = resource.version
    }
    for name in response.removed { held[response.type]?[name] = nil }
    send(
      response.type, .change(subscribe: [], unsubscribe: [], held: [:]), nonce: response.nonce)
    follow(response)
  }

  /// Asks for what the resources of a response name.
  private mutating func follow(_ response: DiscoveryResponse) {
    switch response.type {
    case .cluster:
      let wanted = response.resources.filter { $0.readiness == .endpoints }.map(\.name)
      let known = names[.endpoints] ?? []
      let added = wanted.filter { !known.contains($0) }
      let ended = response.removed.filter { known.contains($0) }
      if !added.isEmpty { subscribe(.endpoints, added) }
      if !ended.isEmpty { unsubscribe(.endpoints, ended) }
    case .listener:
      let known = names[.route] ?? []
      let added = state.all(.route).map(\.name).filter { !known.contains($0) }.sorted()
      if !added.isEmpty { subscribe(.route, added) }
      let ended = known.filter { state[.route, $0] == nil }.sorted()
      if !ended.isEmpty { unsubscribe(.route, ended) }
    case .route: if names[.virtualHost] == nil { subscribe(.virtualHost, []) }
    case .endpoints, .virtualHost, .secret: break
    }
  }

  private mutating func unsubscribe(_ type: ResourceType, _ ended: [String]) {
    names[type]?.subtract(ended)
    for name in ended { held[type]?[name] = nil }
    send(type, .change(subscribe: [], unsubscribe: NameList(ended), held: [:]))
  }

  /// Lets the session's waits pass.
  private mutating func settle() {
    while let time = wakeTime {
      wakeTime = nil
      now = max(now, time)
      perform(session.wake(now: now))
    }
  }
}
