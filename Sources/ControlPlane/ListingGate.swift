internal import KubernetesAPI
internal import MeshIngest
internal import Synchronization

/// Lets kinds that were served from the mirror go over to what the server has in one step.
///
/// Endpoints are joined from several kinds. New slices with the pods of before would be endpoints of which
/// nobody knows whether they speak mutual TLS.
final class ListingGate: Sendable {
  private struct State {
    /// Kinds of which the server has told nothing yet.
    var mirrored: Set<KubernetesResource> = []
    /// What the server told of the others meanwhile, in its order.
    var held: [IngestEvent] = []
  }

  private let state = Mutex(State())

  /// Takes a complete listing and answers what to apply now.
  func listed(
    _ resource: KubernetesResource, _ events: [IngestEvent], isMirrored: Bool
  ) -> [IngestEvent] {
    guard MeshIngest.joinedResources.contains(resource) else { return events }
    return state.withLock { state in
      if isMirrored {
        state.mirrored.insert(resource)
        return events
      }
      state.mirrored.remove(resource)
      state.held += events
      guard state.mirrored.isEmpty else { return [] }
      defer { state.held = [] }
      return state.held
    }
  }

  /// Takes a change and answers what to apply now.
  func pass(_ resource: KubernetesResource, _ events: [IngestEvent]) -> [IngestEvent] {
    guard MeshIngest.joinedResources.contains(resource) else { return events }
    return state.withLock { state in
      guard !state.mirrored.isEmpty else { return events }
      state.held += events
      return []
    }
  }
}
