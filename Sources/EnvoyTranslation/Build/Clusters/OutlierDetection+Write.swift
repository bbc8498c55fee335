internal import EnvoyAPI
internal import IstioAPI
internal import ProtobufWire

extension OutlierDetection {
  /// Writes when hosts are ejected; success rates never eject, as in Istio.
  func write(_ cluster: inout Envoy.Cluster) {
    cluster.outlierDetection { detection in
      detection.enforcingSuccessRate(0)
      if let errors = consecutive5xxErrors {
        detection.consecutive5xx(errors)
        detection.enforcingConsecutive5xx(errors > 0 ? 100 : 0)
      }
      if let errors = consecutiveGatewayErrors {
        detection.consecutiveGatewayFailure(errors)
        detection.enforcingConsecutiveGatewayFailure(errors > 0 ? 100 : 0)
      }
      if let interval { detection.interval(interval.wire) }
      if let baseEjectionTime { detection.baseEjectionTime(baseEjectionTime.wire) }
      if let percent = maxEjectionPercent, percent > 0 {
        detection.maxEjectionPercent(UInt32(clamping: percent))
      }
      if splitExternalLocalOriginErrors {
        detection.splitExternalLocalOriginErrors(true)
        if let failures = consecutiveLocalOriginFailures, failures > 0 {
          detection.consecutiveLocalOriginFailure(failures)
          detection.enforcingConsecutiveLocalOriginFailure(100)
        }
        detection.enforcingLocalOriginSuccessRate(0)
      }
    }
  }
}
