internal import EnvoyAPI
internal import ProtobufWire

/// The one route of a sidecar's inbound port.
package struct InboundRouteInput: Hashable, Sendable {
  /// The cluster that leads to the application; the route configuration has its name.
  package var cluster: String
  package var virtualHost: String
  package var operation: String
  /// Whether a request that never reached the application is tried again.
  package var retries: Bool

  func write(_ routes: inout Envoy.RouteConfiguration) {
    routes.name(cluster)
    routes.virtualHosts {
      $0.name(virtualHost)
      $0.domains("*")
      $0.routes { route in
        route.name("default")
        route.match { $0.prefix("/") }
        route.route { writeAction(&$0) }
        route.decorator { $0.operation(operation) }
      }
    }
    routes.validateClusters(false)
  }

  private func writeAction(_ action: inout Envoy.RouteAction) {
    action.cluster(cluster)
    action.timeout(.zero)
    if retries {
      action.retryPolicy {
        $0.retryOn("reset-before-request")
        $0.numRetries(2)
      }
    }
    action.maxStreamDuration {
      $0.maxStreamDuration(.zero)
      $0.grpcTimeoutHeaderMax(.zero)
    }
  }
}
