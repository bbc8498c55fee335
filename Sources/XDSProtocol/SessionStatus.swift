/// What a session knows of one type, for reports.
package struct TypeStatus: Hashable, Sendable {
  package enum State: String, Hashable, Sendable {
    case synced = "SYNCED"
    case stale = "STALE"
    case notSent = "NOT_SENT"
    case error = "ERROR"
  }

  package var type: ResourceType
  package var state: State
  /// Digests of the sets wanted, last sent and last acknowledged.
  package var wanted: String
  package var sent: String
  package var acknowledged: String
  /// How many resources wait to be sent or acknowledged.
  package var outstanding: Int
  package var rejections: [Rejection]
}

extension DiscoverySession {
  /// Whether the proxy holds the newest of what decides how it connects to others.
  package var hasNewestClusters: Bool {
    types[.cluster].isIdle && types[.endpoints].isIdle
  }

  /// How many entries the session keeps for what differs between the proxy and the newest state; for a
  /// proxy that never answers no more than there are resources.
  package var indexSize: Int {
    ResourceType.allCases.reduce(
      warming.count + replacedEarly.count + heldRoutes.count + inheritedHosts.count
    ) { $0 + types[$1].size }
  }

  /// The status of each type that the proxy watches.
  package var status: [TypeStatus] {
    ResourceType.allCases.filter { types[$0].isWatched }.map(status(of:))
  }

  private func status(of type: ResourceType) -> TypeStatus {
    let session = types[type]
    let whole = session.awaitsEverything ? target.names(type).count : 0
    let outstanding =
      whole + session.pending.count + (session.inFlight?.expanded(type).count ?? 0)
    let state: TypeStatus.State =
      if !session.refused.isEmpty {
        .error
      } else if session.lastNonce.isEmpty {
        .notSent
      } else if session.inFlight != nil || !session.pending.isEmpty || session.awaitsEverything {
        .stale
      } else {
        .synced
      }
    let digests = digests(type)
    return TypeStatus(
      type: type, state: state, wanted: digests.wanted.text, sent: digests.sent.text,
      acknowledged: digests.acknowledged.text, outstanding: outstanding,
      rejections: session.refused.values.map(\.rejection).sorted { $0.name < $1.name })
  }

  /// The sets that are wanted, were last sent, and are held as far as the proxy has answered.
  ///
  /// They differ only in what the session keeps for being different.
  private func digests(
    _ type: ResourceType
  ) -> (wanted: SetDigest, sent: SetDigest, acknowledged: SetDigest) {
    let session = types[type]
    let inFlight = Dictionary(
      (session.inFlight?.expanded(type) ?? []).map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    let existing = target.all(type).map(\.name)
    let names =
      type.isWildcard
      ? Set(existing).union(session.pending.keys).union(inFlight.keys)
      : session.interest.names(existing: existing)
    var (wanted, sent, acknowledged) = (SetDigest(), SetDigest(), SetDigest())
    for name in names {
      let newest = wantedVersion(type, name)
      let pending = session.pending[name]
      let refused = session.refused[name]
      wanted.add(name, newest)
      if let entry = inFlight[name] {
        sent.add(name, entry.sent?.version)
        acknowledged.add(name, entry.held.version)
      } else {
        let held =
          pending.map(\.held.version) ?? refused.map(\.lastGood.version)
          ?? (session.awaitsEverything ? nil : newest)
        sent.add(name, refused?.rejection.version ?? held)
        acknowledged.add(name, held)
      }
    }
    return (wanted, sent, acknowledged)
  }

  private func wantedVersion(_ type: ResourceType, _ name: String) -> String? {
    switch type {
    case .cluster, .listener: target[type, name]?.version
    case .virtualHost:
      heldRoutes.contains(Self.route(of: name)) ? target[type, name]?.version : nil
    case .endpoints, .route, .secret: resource(type, name)?.version
    }
  }
}

extension SetDigest {
  fileprivate mutating func add(_ name: String, _ version: String?) {
    if let version { add(name, version) }
  }
}
