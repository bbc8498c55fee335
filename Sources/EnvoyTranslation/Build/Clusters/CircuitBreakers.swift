internal import EnvoyAPI
package import IstioAPI
internal import ProtobufWire

/// The limits of a cluster; what a destination rule leaves open is unlimited.
package struct CircuitBreakers: Hashable, Sendable {
  private var maxConnections: UInt32
  private var maxPendingRequests: UInt32
  private var maxRequests: UInt32
  private var maxRetries: UInt32
  private var retryBudget: RetryBudget?

  /// Reads the limits of a connection pool; zero and negative ones count as unset.
  package init(_ pool: ConnectionPoolSettings?, retryBudget: RetryBudget? = nil) {
    maxConnections = Self.limit(pool?.tcp?.maxConnections)
    maxPendingRequests = Self.limit(pool?.http?.http1MaxPendingRequests)
    maxRequests = Self.limit(pool?.http?.http2MaxRequests)
    maxRetries = Self.limit(pool?.http?.maxRetries)
    self.retryBudget = retryBudget
  }

  private static func limit(_ value: Int32?) -> UInt32 {
    guard let value, value > 0 else { return .max }
    return UInt32(clamping: value)
  }

  func write(_ cluster: inout Envoy.Cluster) {
    cluster.circuitBreakers {
      $0.thresholds {
        $0.maxConnections(maxConnections)
        $0.maxPendingRequests(maxPendingRequests)
        $0.maxRequests(maxRequests)
        $0.maxRetries(maxRetries)
        if let retryBudget {
          $0.retryBudget {
            $0.budgetPercent { $0.value(retryBudget.percent ?? 20) }
            $0.minRetryConcurrency(retryBudget.minRetryConcurrency ?? 3)
          }
        }
      }
    }
  }
}
