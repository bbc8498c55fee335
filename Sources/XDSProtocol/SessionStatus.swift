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

  /// The status of each type that the proxy watches.
  package var status: [TypeStatus] {
    ResourceType.allCases.filter { types[$0].isWatched }.map(status(of:))
  }

  private func status(of type: ResourceType) -> TypeStatus {
    let session = types[type]
    let outstanding = session.pending.count + (session.inFlight?.entries.count ?? 0)
    let state: TypeStatus.State =
      if !session.refused.isEmpty {
        .error
      } else if session.lastNonce.isEmpty {
        .notSent
      } else if session.inFlight != nil || !session.pending.isEmpty {
        .stale
      } else {
        .synced
      }
    return TypeStatus(
      type: type, state: state, wanted: wanted(type).text, sent: session.sentDigest.text,
      acknowledged: session.acknowledgedDigest.text, outstanding: outstanding,
      rejections: session.refused.values.map(\.rejection).sorted { $0.name < $1.name })
  }

  private func wanted(_ type: ResourceType) -> SetDigest {
    var digest = SetDigest()
    switch type {
    case .cluster, .listener:
      for resource in target.all(type) { digest.toggle(resource.name, resource.version) }
    case .virtualHost:
      for resource in target.all(type) where heldRoutes.contains(Self.route(of: resource.name)) {
        digest.toggle(resource.name, resource.version)
      }
    case .endpoints, .route, .secret:
      for name in types[type].names {
        if let resource = resource(type, name) { digest.toggle(name, resource.version) }
      }
    }
    return digest
  }
}
