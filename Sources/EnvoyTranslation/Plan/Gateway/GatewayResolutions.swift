internal import MeshModel
internal import Synchronization

/// The servers of gateways, for all units of a view to share until something changes that they were
/// resolved from.
final class GatewayResolutions: Sendable {
  private struct Resolution {
    var servers: GatewayServers
    var dependencies: Set<SnapshotKey>
    var answers: [Viewer.Question: Bool]
  }

  /// How many scopes, and resolutions of one, are kept; what is missing is resolved again. A peer
  /// without credentials may claim any namespace.
  private static let limit = 256

  private let known = Mutex<[GatewayScope: [Resolution]]>([:])

  /// The servers of a scope as the reader's viewer sees them.
  func servers(of scope: GatewayScope, _ reader: inout SnapshotReader) -> GatewayServers {
    let held = known.withLock { $0[scope] } ?? []
    if let resolution = held.first(where: { reader.holds($0.answers) }) {
      reader.join(dependencies: resolution.dependencies, answers: resolution.answers)
      return resolution.servers
    }
    var fresh = reader.fresh()
    let servers = GatewayServers(scope, &fresh)
    let resolution = Resolution(
      servers: servers, dependencies: fresh.dependencies, answers: fresh.answers)
    known.withLock { known in
      if known.count >= Self.limit { known = [:] }
      if known[scope]?.count ?? 0 >= Self.limit { known[scope] = nil }
      known[scope, default: []].append(resolution)
    }
    reader.join(dependencies: resolution.dependencies, answers: resolution.answers)
    return servers
  }

  /// Drops what was resolved from parts of the snapshot that changed.
  func forget(_ changes: ChangeSet) {
    known.withLock { known in
      guard !known.isEmpty else { return }
      known = known.compactMapValues { resolutions in
        let valid = resolutions.filter { $0.dependencies.isDisjoint(with: changes) }
        return valid.isEmpty ? nil : valid
      }
    }
  }
}
