package import NIOCore
internal import Synchronization
package import XDSProtocol

/// A connected proxy, for reports.
package struct StreamEntry: Sendable {
  package var node: ProxyNode
  package var variant: DiscoverySession.Variant
  package var identity: String?
  /// Seconds since 1970.
  package var connectedAt: Int64
  package var peer: String
  /// How many bytes wait in the stream for the proxy to read them.
  package var pendingBytes: @Sendable () -> Int
  /// Asks the stream, on its own loop, how far it is.
  package var status: @Sendable () -> EventLoopFuture<[TypeStatus]>
  /// Asks the stream whether the proxy has acknowledged the newest clusters and endpoints.
  package var hasNewestClusters: @Sendable () -> EventLoopFuture<Bool>
  /// Asks the stream for the state it works towards.
  package var state: @Sendable () -> EventLoopFuture<ResourceState>
}

/// A refusal with the proxy that refused.
package struct RecordedRejection: Hashable, Sendable {
  package var proxy: String
  package var rejection: Rejection
  /// Seconds since 1970.
  package var time: Int64
}

/// The streams of a discovery server.
package final class DiscoveryStreams: Sendable {
  private struct State {
    var entries: [Int: StreamEntry] = [:]
    var next = 1
    var rejections: [RecordedRejection] = []
  }

  private static let rejectionLimit = 1000

  private let state = Mutex(State())
  package let clock: @Sendable () -> Int64

  package init(clock: @escaping @Sendable () -> Int64 = SystemTime.seconds) {
    self.clock = clock
  }

  /// The connected proxies by node id.
  package var entries: [StreamEntry] {
    state.withLock { $0.entries.values.sorted { $0.node.id < $1.node.id } }
  }

  package var count: Int { state.withLock(\.entries.count) }

  /// The bytes that wait, in all streams together, for proxies to read them; of a large response that
  /// several streams send, each of them counts all, although they share it.
  package var pendingBytes: Int {
    state.withLock { $0.entries.values.map(\.pendingBytes) }.reduce(0) { $0 + $1() }
  }

  /// How many entries each index has; refusals are remembered, at most a thousand.
  package var indexSizes: [String: Int] {
    state.withLock { ["streams": $0.entries.count, "rejections": $0.rejections.count] }
  }

  /// The latest refusals, the newest last.
  package var rejections: [RecordedRejection] { state.withLock(\.rejections) }

  func nextID() -> Int {
    state.withLock { state in
      defer { state.next += 1 }
      return state.next
    }
  }

  func add(_ id: Int, _ entry: StreamEntry) {
    state.withLock { $0.entries[id] = entry }
  }

  func remove(_ id: Int) {
    state.withLock { $0.entries[id] = nil }
  }

  func record(_ rejection: Rejection, proxy: String) {
    let time = clock()
    state.withLock { state in
      state.rejections.append(
        RecordedRejection(proxy: proxy, rejection: rejection, time: time))
      if state.rejections.count > Self.rejectionLimit { state.rejections.removeFirst() }
    }
  }
}
