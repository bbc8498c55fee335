package import MeshModel
internal import Synchronization

/// The one writer of the mesh's state.
///
/// Updates are applied in order; whoever follows takes the newest snapshot with everything that changed
/// since it last looked, so that a burst of updates is one step for a slow follower.
package final class MeshStore: Sendable {
  private struct State {
    var snapshot: MeshSnapshot
    var untaken: ChangeSet = []
    var notify: (@Sendable () -> Void)?
  }

  private let state: Mutex<State>

  package init(clusterDomain: String = "cluster.local") {
    state = Mutex(State(snapshot: MeshSnapshot(clusterDomain: clusterDomain)))
  }

  /// The newest state.
  package var snapshot: MeshSnapshot { state.withLock(\.snapshot) }

  /// Applies updates; equal values change nothing and wake nobody.
  package func apply(_ updates: [MeshUpdate]) {
    let notify: (@Sendable () -> Void)? = state.withLock { state in
      let changes = state.snapshot.apply(updates)
      guard !changes.isEmpty else { return nil }
      state.untaken.formUnion(changes)
      return state.notify
    }
    notify?()
  }

  /// From now on policies of mutual TLS change in two phases; see ``retirePeerAuthentications(at:)``.
  package func beginPhases() {
    state.withLock { $0.snapshot.beginPhases() }
  }

  /// Ends the first phase of all changes of policies that are under way, unless there were more since
  /// the given `peerAuthenticationRevision`.
  package func retirePeerAuthentications(at revision: UInt64) {
    let notify: (@Sendable () -> Void)? = state.withLock { state in
      guard state.snapshot.peerAuthenticationRevision == revision else { return nil }
      let changes = state.snapshot.retirePeerAuthentications()
      state.untaken.formUnion(changes)
      return changes.isEmpty ? nil : state.notify
    }
    notify?()
  }

  /// The newest snapshot and what changed since the last call; nil when nothing did.
  package func takeChanges() -> (snapshot: MeshSnapshot, changes: ChangeSet)? {
    state.withLock { state in
      guard !state.untaken.isEmpty else { return nil }
      defer { state.untaken = [] }
      return (state.snapshot, state.untaken)
    }
  }

  /// How many entries each index of the snapshot has, and how many changes wait to be taken.
  package var indexSizes: [String: Int] {
    let (snapshot, untaken) = state.withLock { ($0.snapshot, $0.untaken.count) }
    return snapshot.indexSizes.merging(["untaken": untaken]) { first, _ in first }
  }

  /// Wakes whoever follows the store, even when nothing changed.
  package func signal() {
    state.withLock(\.notify)?()
  }

  /// Signals each time there may be something to take; signals that nobody awaits merge into one.
  package var signals: AsyncStream<Void> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    state.withLock { $0.notify = { continuation.yield() } }
    continuation.yield()
    return stream
  }
}
