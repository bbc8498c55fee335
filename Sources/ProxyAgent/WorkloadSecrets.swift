package import OpenSSLCrypto
internal import Synchronization

/// The certificate, key and roots that Envoy uses now; tells who watches when they change.
package final class WorkloadSecrets: Sendable {
  /// One generation of secrets. Its key is never logged.
  package struct Generation: Sendable {
    /// Counts up from 1.
    package let number: Int
    /// The chain to present, PEM, leaf first.
    package let chainPEM: String
    /// Its key, PEM.
    let keyPEM: String
    /// The roots to trust, PEM.
    package let rootsPEM: String
    /// The leaf of the chain.
    package let leaf: Certificate
  }

  private struct State {
    var current: Generation?
    var watchers: [Int: @Sendable () -> Void] = [:]
    var nextWatcher = 0
  }

  private let state = Mutex(State())

  /// No secrets yet.
  package init() {}

  /// The current generation; nil before the first.
  package var current: Generation? { state.withLock { $0.current } }

  /// Puts a new generation in place.
  func replace(chainPEM: String, keyPEM: String, rootsPEM: String, leaf: Certificate) {
    let watchers = state.withLock { state in
      state.current = Generation(
        number: (state.current?.number ?? 0) + 1, chainPEM: chainPEM, keyPEM: keyPEM,
        rootsPEM: rootsPEM, leaf: leaf)
      return Array(state.watchers.values)
    }
    for watcher in watchers {
      watcher()
    }
  }

  /// Calls `body` after every change, on an unspecified thread.
  func watch(_ body: @escaping @Sendable () -> Void) -> Int {
    state.withLock { state in
      state.nextWatcher += 1
      state.watchers[state.nextWatcher] = body
      return state.nextWatcher
    }
  }

  func unwatch(_ watcher: Int) {
    state.withLock { _ = $0.watchers.removeValue(forKey: watcher) }
  }
}
