internal import Synchronization
package import XDSProtocol

/// Counts of a discovery server, under the names of istiod's metrics where they mean the same.
package final class DiscoveryMetrics: Sendable {
  /// The counts of one resource type.
  package struct PerType: Hashable, Sendable {
    package var pushes: UInt64 = 0
    package var resources: UInt64 = 0
    package var bytes: UInt64 = 0
    package var acknowledgements: UInt64 = 0
    package var rejections: UInt64 = 0
    package var staleNonces: UInt64 = 0

    package init() {}
  }

  private struct State {
    var types = PerResourceType { _ in PerType() }
    var requests: UInt64 = 0
    var largestRequest = 0
    var unknownTypes: UInt64 = 0
  }

  private let state = Mutex(State())

  package subscript(type: ResourceType) -> PerType { state.withLock { $0.types[type] } }
  package var requests: UInt64 { state.withLock(\.requests) }
  /// In bytes.
  package var largestRequest: Int { state.withLock(\.largestRequest) }
  package var unknownTypes: UInt64 { state.withLock(\.unknownTypes) }

  func requestReceived(bytes: Int) {
    state.withLock {
      $0.requests &+= 1
      $0.largestRequest = max($0.largestRequest, bytes)
    }
  }

  func pushed(_ type: ResourceType, resources: Int, bytes: Int) {
    state.withLock {
      $0.types[type].pushes &+= 1
      $0.types[type].resources &+= UInt64(resources)
      $0.types[type].bytes &+= UInt64(bytes)
    }
  }

  func acknowledged(_ type: ResourceType) {
    state.withLock { $0.types[type].acknowledgements &+= 1 }
  }

  func rejected(_ type: ResourceType) {
    state.withLock { $0.types[type].rejections &+= 1 }
  }

  func staleNonce(_ type: ResourceType) {
    state.withLock { $0.types[type].staleNonces &+= 1 }
  }

  func unknownType() {
    state.withLock { $0.unknownTypes &+= 1 }
  }
}
