internal import KubernetesAPI
internal import Synchronization

/// How far a followed resource has come.
package enum SyncState: String, Hashable, Sendable {
  /// Nothing is known of it yet.
  case waiting
  /// The server is away; what was kept of it stands in.
  case mirrored
  /// The cluster does not have the resource.
  case absent
  /// Everything that the server has was seen, and changes are followed.
  case live
  /// It was live, and cannot be followed now.
  case stale
}

/// The states of the resources that a client follows.
final class SyncStatus: Sendable {
  private let mutex = Mutex<[KubernetesResource: SyncState]>([:])

  var states: [KubernetesResource: SyncState] { mutex.withLock { $0 } }

  /// Sets the state and answers the one before.
  @discardableResult
  func set(_ resource: KubernetesResource, _ state: SyncState) -> SyncState? {
    mutex.withLock { states in
      let old = states[resource]
      states[resource] = state
      return old
    }
  }
}
