internal import DiscoveryServer
internal import Logging
internal import MeshModel
internal import MeshStore
internal import NIOCore
internal import ServiceLifecycle
internal import Synchronization
internal import XDSProtocol

/// Ends the first phase of changes of mutual TLS, in which servers take clients of the old and of the
/// new policy, when every proxy has taken the new one.
///
/// A proxy that does not follow is not waited for without end: the policies are what users demand.
final class PeerAuthenticationPhases: Service {
  /// How long a change may wait for proxies in all.
  private static let patience = Duration.seconds(15)
  /// How long proxies are given to use what they have acknowledged, on all their threads.
  private static let settlingTime = Duration.milliseconds(500)
  private static let interval = Duration.milliseconds(50)

  private let store: MeshStore
  private let streams: DiscoveryStreams
  private let logger: Logger
  private let changes: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation
  private let state = Mutex(State())

  private struct State {
    /// The change of policies that proxies have been told of.
    var translated: UInt64 = 0
    /// The proxies that are waited for.
    var laggards: [String] = []
  }

  init(store: MeshStore, streams: DiscoveryStreams, logger: Logger) {
    self.store = store
    self.streams = streams
    self.logger = logger
    (changes, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// The namespaces whose policies are changing, and the proxies that are waited for.
  var transition: (namespaces: [String], laggards: [String]) {
    (store.snapshot.namespacesInTransition, state.withLock(\.laggards))
  }

  /// To be called when proxies have been told of a snapshot.
  func translated(_ snapshot: MeshSnapshot) {
    state.withLock { $0.translated = snapshot.peerAuthenticationRevision }
    if !snapshot.namespacesInTransition.isEmpty { continuation.yield() }
  }

  func run() async throws {
    for await _ in changes.cancelOnGracefulShutdown() {
      let deadline = ContinuousClock.now + Self.patience
      while !store.snapshot.namespacesInTransition.isEmpty, !isEnding {
        let revision = store.snapshot.peerAuthenticationRevision
        await awaitProxies(at: revision, until: deadline)
        store.retirePeerAuthentications(at: revision)
      }
      state.withLock { $0.laggards = [] }
    }
  }

  private var isEnding: Bool { Task.isCancelled || Task.isShuttingDownGracefully }

  /// Returns when every proxy was seen to hold the newest of everything after the change, when there is
  /// another change, or at the deadline.
  private func awaitProxies(at revision: UInt64, until deadline: ContinuousClock.Instant) async {
    var followed: Set<String> = []
    while !isEnding, store.snapshot.peerAuthenticationRevision == revision {
      if state.withLock({ $0.translated == revision }) {
        let behind = await proxiesBehind(&followed)
        state.withLock { $0.laggards = behind }
        if behind.isEmpty {
          try? await Task.sleep(for: Self.settlingTime)
          return
        }
      }
      if ContinuousClock.now >= deadline {
        let behind = state.withLock(\.laggards)
        logger.warning(
          "mutual TLS changes although proxies have not followed",
          metadata: ["xds.proxies": "\(behind.prefix(20).joined(separator: ","))"])
        return
      }
      try? await Task.sleep(for: Self.interval)
    }
  }

  private func proxiesBehind(_ followed: inout Set<String>) async -> [String] {
    var behind: [String] = []
    for entry in streams.entries where !followed.contains(entry.node.id) {
      // A stream that ended meanwhile is not waited for.
      if (try? await entry.hasNewestClusters().get()) == false {
        behind.append(entry.node.id)
      } else {
        followed.insert(entry.node.id)
      }
    }
    return behind
  }
}
