internal import Synchronization

/// How many requests had which outcome since the start.
package final class WebhookCounters: Sendable {
  /// The figures, under the names of istiod's metrics.
  package struct Values: Hashable, Sendable {
    /// Pods that were asked about: `sidecar_injection_requests_total`.
    package var injectionRequests = 0
    /// Pods that got a proxy: `sidecar_injection_success_total`.
    package var injected = 0
    /// Pods that need none: `sidecar_injection_skip_total`.
    package var skipped = 0
    /// Pods that could not get one: `sidecar_injection_failure_total`.
    package var failed = 0
    /// Objects that were accepted: `galley_validation_passed`.
    package var accepted = 0
    /// Objects that were refused: `galley_validation_failed`.
    package var refused = 0
    /// Requests that could not be read: `galley_validation_http_error` and its like.
    package var malformed = 0
  }

  private let state = Mutex(Values())

  /// Creates counters that stand at zero.
  package init() {}

  /// The present figures.
  package var values: Values { state.withLock { $0 } }

  func count(_ change: (inout Values) -> Void) {
    state.withLock { change(&$0) }
  }
}
