internal import HashTreeCollections

// Policies of mutual TLS change in two phases, for a server and its clients never change at one moment.

extension MeshSnapshot {
  /// The namespaces whose policies are changing.
  package var namespacesInTransition: [String] { retiringPeerAuthentications.keys.sorted() }

  /// From now on a policy that is replaced stays in force beside its successor until it is retired.
  package mutating func beginPhases() {
    phasesPeerAuthentications = true
  }

  /// Ends the changes under way: what servers demand is what the present policies say, and no more.
  package mutating func retirePeerAuthentications() -> ChangeSet {
    let changes = retiringPeerAuthentications.keys.map {
      SnapshotKey.retiringPeerAuthentications($0)
    }
    guard !changes.isEmpty else { return [] }
    retiringPeerAuthentications = [:]
    revision &+= 1
    return Set(changes)
  }

  /// Remembers what is in force in `namespace` before its policies change.
  mutating func keepPeerAuthentications(of namespace: String, _ changes: inout ChangeSet) {
    peerAuthenticationRevision &+= 1
    guard phasesPeerAuthentications, retiringPeerAuthentications[namespace] == nil else { return }
    retiringPeerAuthentications[namespace] = peerAuthentications[namespace] ?? []
    changes.insert(.retiringPeerAuthentications(namespace))
  }
}
