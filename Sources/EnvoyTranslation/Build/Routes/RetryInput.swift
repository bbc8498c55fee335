internal import EnvoyAPI
package import IstioAPI
internal import ProtobufWire

/// When and how a route tries again.
package struct RetryInput: Hashable, Sendable {
  package var attempts: UInt32
  package var conditions: String
  package var statusCodes: [UInt32]
  package var perTryTimeout: IstioDuration?
  package var backoff: IstioDuration?
  package var usesOtherLocalities: Bool
  /// Whether hosts that failed are avoided; a consistent hash would lead to the same host anyway.
  package var avoidsPreviousHosts: Bool

  private static let defaultConditions =
    "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes"

  /// Istio's default: twice, on failures before the application answered.
  package static func standard(avoidsPreviousHosts: Bool) -> RetryInput {
    RetryInput(
      attempts: 2, conditions: defaultConditions, statusCodes: [], perTryTimeout: nil,
      backoff: nil, usesOtherLocalities: false, avoidsPreviousHosts: avoidsPreviousHosts)
  }

  /// Reads a route's retries; nil where it wants none.
  package static func from(_ retry: HTTPRetry, avoidsPreviousHosts: Bool) -> RetryInput? {
    guard retry.attempts > 0 else { return nil }
    var names: [String] = []
    var codes: [UInt32] = []
    for part in retry.retryOn.split(separator: ",") {
      let condition = part.filter { $0 != " " }
      if let code = UInt32(condition) { codes.append(code) } else { names.append(condition) }
    }
    if !codes.isEmpty { names.append("retriable-status-codes") }
    return RetryInput(
      attempts: UInt32(clamping: retry.attempts),
      conditions: retry.retryOn.isEmpty ? defaultConditions : names.joined(separator: ","),
      statusCodes: codes, perTryTimeout: retry.perTryTimeout, backoff: retry.backoff,
      usesOtherLocalities: retry.retryRemoteLocalities ?? false,
      avoidsPreviousHosts: avoidsPreviousHosts && (retry.retryIgnorePreviousHosts ?? true))
  }

  func write(_ policy: inout Envoy.RetryPolicy) {
    policy.retryOn(conditions)
    policy.numRetries(attempts)
    if let perTryTimeout { policy.perTryTimeout(perTryTimeout.wire) }
    if usesOtherLocalities {
      policy.retryPriority {
        $0.name("envoy.retry_priorities.previous_priorities")
        $0.typedConfig(Envoy.PreviousPrioritiesConfig.self) { $0.updateFrequency(2) }
      }
    }
    if avoidsPreviousHosts {
      policy.retryHostPredicate(encoded: Self.previousHosts)
      policy.hostSelectionRetryMaxAttempts(5)
    }
    policy.retriableStatusCodes(statusCodes)
    if let backoff { policy.retryBackOff { $0.baseInterval(backoff.wire) } }
  }

  private static let previousHosts = Envoy.RetryPolicy.RetryHostPredicate.encode {
    $0.name("envoy.retry_host_predicates.previous_hosts")
    $0.typedConfig(Envoy.PreviousHostsPredicate.self)
  }
}
