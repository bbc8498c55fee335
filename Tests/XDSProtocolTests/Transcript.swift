import XDSProtocol

/// A conversation between a session and a proxy that does what the test tells it.
struct Transcript {
  var session: DiscoverySession
  var resources = ResourceSet()
  var revision: UInt64 = 0
  var now: Int64 = 0
  /// The last nonce of each type.
  var nonces: [ResourceType: String] = [:]

  init(_ variant: DiscoverySession.Variant = .delta, _ initial: [EncodedResource] = []) {
    session = DiscoverySession(variant: variant, noncePrefix: "n")
    for resource in initial { _ = resources.update(resource.type, resource.name, to: resource) }
    session.begin(state)
  }

  var state: ResourceState {
    ResourceState(parts: [.init(view: 1, revision: revision, resources: resources)])
  }

  /// What a response says, as `cds +a -b`.
  mutating func lines(_ actions: [SessionAction]) -> [String] {
    actions.compactMap { action in
      switch action {
      case .respond(let response):
        nonces[response.type] = response.nonce
        let added = response.resources.map { "+\($0.name)@\($0.version)" }.sorted()
        let removed = response.removed.map { "-\($0)" }
        return ([response.type.shortName] + added + removed).joined(separator: " ")
      case .rejected(let rejection): return "rejected \(rejection.name)"
      case .staleNonce(let type): return "stale \(type.shortName)"
      case .acknowledged, .wake: return nil
      }
    }
  }

  /// Subscribes, in the incremental protocol.
  mutating func subscribe(
    _ type: ResourceType, _ names: [String] = [], unsubscribe: [String] = [],
    held: [String: String] = [:]
  ) -> [String] {
    let request = DiscoveryRequest(
      typeURL: type.typeURL,
      names: .change(
        subscribe: NameList(names), unsubscribe: NameList(unsubscribe), held: HeldVersions(held)))
    return lines(session.receive(request, type: type, state: state, now: now))
  }

  /// Acknowledges the last response of a type.
  mutating func ack(_ type: ResourceType) -> [String] {
    let request = DiscoveryRequest(
      typeURL: type.typeURL, nonce: nonces[type] ?? "",
      names: .change(subscribe: [], unsubscribe: [], held: [:]))
    return lines(session.receive(request, type: type, state: state, now: now))
  }

  /// Refuses the last response of a type.
  mutating func nack(_ type: ResourceType, _ message: String) -> [String] {
    let names: DiscoveryRequest.Names =
      session.variant == .delta ? .change(subscribe: [], unsubscribe: [], held: [:]) : .all([])
    let request = DiscoveryRequest(
      typeURL: type.typeURL, nonce: nonces[type] ?? "", errorMessage: message, names: names)
    return lines(session.receive(request, type: type, state: state, now: now))
  }

  /// Asks for names in the state-of-the-world protocol, with the last nonce unless told otherwise.
  mutating func request(
    _ type: ResourceType, _ names: [String] = [], nonce: String? = nil
  ) -> [String] {
    let request = DiscoveryRequest(
      typeURL: type.typeURL, nonce: nonce ?? nonces[type] ?? "", names: .all(NameList(names)))
    return lines(session.receive(request, type: type, state: state, now: now))
  }

  /// Changes resources: what is given is put, what is named in `removed` ends.
  mutating func change(
    _ put: [EncodedResource], removed: [(ResourceType, String)] = []
  ) -> [String] {
    var changes: [ResourceChange] = []
    for resource in put {
      if let change = resources.update(resource.type, resource.name, to: resource) {
        changes.append(change)
      }
    }
    for (type, name) in removed {
      if let change = resources.update(type, name, to: nil) { changes.append(change) }
    }
    revision += 1
    return lines(session.update(to: state, changes: changes, now: now))
  }

  mutating func wake(after milliseconds: Int64) -> [String] {
    now += milliseconds
    return lines(session.wake(now: now))
  }

  // MARK: Resources

  static func cluster(
    _ name: String, _ version: String = "1", readiness: Readiness = .endpoints
  ) -> EncodedResource {
    EncodedResource(
      type: .cluster, name: name, version: version, payload: Array(name.utf8),
      readiness: readiness, sources: ["Service/default/\(name)"])
  }

  static func endpoints(_ name: String, _ version: String = "1") -> EncodedResource {
    EncodedResource(type: .endpoints, name: name, version: version, payload: Array(name.utf8))
  }

  static func listener(
    _ name: String, _ version: String = "1", clusters: [String] = []
  ) -> EncodedResource {
    EncodedResource(
      type: .listener, name: name, version: version, payload: Array(name.utf8),
      references: clusters.map { ResourceName(.cluster, $0) })
  }

  static func route(_ name: String, _ version: String = "1") -> EncodedResource {
    EncodedResource(type: .route, name: name, version: version, payload: Array(name.utf8))
  }

  static func host(
    _ name: String, _ version: String = "1", clusters: [String] = [], domains: [String] = []
  ) -> EncodedResource {
    EncodedResource(
      type: .virtualHost, name: name, version: version, payload: Array(name.utf8),
      references: clusters.map { ResourceName(.cluster, $0) }, exclusiveNames: domains)
  }
}
