package import StreamingJSON

/// When an endpoint that answers with errors is taken out of the pool.
package struct OutlierDetection: Hashable, Sendable {
  /// Count local vs remote errors apart.
  package var splitExternalLocalOriginErrors: Bool
  /// Deprecated, ignored.
  package var consecutiveErrors: Int32?
  /// Local failures in a row. Unset: 5.
  package var consecutiveLocalOriginFailures: UInt32?
  /// 502/503/504 in a row. Unset: off.
  package var consecutiveGatewayErrors: UInt32?
  /// 5xx in a row. Unset: 5 (Envoy); 0 disables (enforcing 0).
  package var consecutive5xxErrors: UInt32?
  /// Sweep interval. Unset: 10 s.
  package var interval: IstioDuration?
  /// Ejection base. Unset: 30 s.
  package var baseEjectionTime: IstioDuration?
  /// Cap on ejected hosts. Unset: 10 % (Envoy; 0 = unset).
  package var maxEjectionPercent: Int32?
  /// Panic threshold. Unset: 0 gives healthy_panic_threshold 0.
  package var minHealthPercent: Int32?
  /// Which codes count (error matcher; new in 1.31). Unset: [] (5xx).
  package var outlierDetectionHttpErrorCodes: [UInt32]

  /// Creates a value; what is left out is as if it were not written.
  package init(
    splitExternalLocalOriginErrors: Bool = false,
    consecutiveErrors: Int32? = nil,
    consecutiveLocalOriginFailures: UInt32? = nil,
    consecutiveGatewayErrors: UInt32? = nil,
    consecutive5xxErrors: UInt32? = nil,
    interval: IstioDuration? = nil,
    baseEjectionTime: IstioDuration? = nil,
    maxEjectionPercent: Int32? = nil,
    minHealthPercent: Int32? = nil,
    outlierDetectionHttpErrorCodes: [UInt32] = []
  ) {
    self.splitExternalLocalOriginErrors = splitExternalLocalOriginErrors
    self.consecutiveErrors = consecutiveErrors
    self.consecutiveLocalOriginFailures = consecutiveLocalOriginFailures
    self.consecutiveGatewayErrors = consecutiveGatewayErrors
    self.consecutive5xxErrors = consecutive5xxErrors
    self.interval = interval
    self.baseEjectionTime = baseEjectionTime
    self.maxEjectionPercent = maxEjectionPercent
    self.minHealthPercent = minHealthPercent
    self.outlierDetectionHttpErrorCodes = outlierDetectionHttpErrorCodes
  }
}

extension OutlierDetection: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "splitExternalLocalOriginErrors": splitExternalLocalOriginErrors = try reader.read()
      case "consecutiveErrors": consecutiveErrors = try reader.read()
      case "consecutiveLocalOriginFailures": consecutiveLocalOriginFailures = try reader.read()
      case "consecutiveGatewayErrors": consecutiveGatewayErrors = try reader.read()
      case "consecutive5xxErrors": consecutive5xxErrors = try reader.read()
      case "interval": interval = try reader.read()
      case "baseEjectionTime": baseEjectionTime = try reader.read()
      case "maxEjectionPercent": maxEjectionPercent = try reader.read()
      case "minHealthPercent": minHealthPercent = try reader.read()
      case "outlierDetectionHttpErrorCodes": outlierDetectionHttpErrorCodes = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}
