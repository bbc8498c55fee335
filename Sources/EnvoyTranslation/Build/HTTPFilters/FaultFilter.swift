internal import EnvoyAPI
internal import IstioAPI
internal import ProtobufWire

/// `envoy.filters.http.fault`, configured per route.
enum FaultFilter {
  static let name = "envoy.filters.http.fault"

  static let filter = Envoy.HttpFilter.encode {
    $0.name(name)
    $0.typedConfig(Envoy.HTTPFault.self)
  }

  /// Writes the faults of a route.
  static func write(_ fault: HTTPFaultInjection, _ route: inout Envoy.Route) {
    route.typedPerFilterConfig(name, Envoy.HTTPFault.self) { message in
      if let delay = fault.delay, case .fixedDelay(let duration)? = delay.delayType {
        message.delay {
          $0.fixedDelay(duration.wire)
          $0.percentage { write(delay.percentage, legacy: delay.percent, &$0) }
        }
      }
      if let abort = fault.abort { message.abort { write(abort, &$0) } }
    }
  }

  private static func write(_ abort: FaultAbort, _ message: inout Envoy.FaultAbort) {
    switch abort.errorType {
    case .httpStatus(let status)?: message.httpStatus(UInt32(clamping: status))
    case .grpcStatus(let name)?: message.grpcStatus(GRPCStatusName.code(name) ?? 2)
    case .http2Error?, nil: break
    }
    message.percentage { write(abort.percentage, legacy: nil, &$0) }
  }

  /// A percentage in millionths; without one, every request.
  private static func write(
    _ percentage: Percent?, legacy: Int32?, _ message: inout Envoy.FractionalPercent
  ) {
    if let percentage {
      message.numerator(Fractions.millionths(percent: percentage.value))
      message.denominator(.million)
    } else {
      message.numerator(UInt32(clamping: legacy ?? 100))
    }
  }
}

/// Percentages as integers.
enum Fractions {
  /// `percent` of a million, between 0 and all of it.
  static func millionths(percent: Double) -> UInt32 {
    guard percent.isFinite else { return 0 }
    return UInt32(min(max(percent, 0), 100) * 10_000)
  }
}

/// The names of gRPC's status codes (<https://grpc.io/docs/guides/status-codes/>).
enum GRPCStatusName {
  private static let names = [
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
    "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",
    "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
  ]

  static func code(_ name: String) -> UInt32? {
    names.firstIndex(of: name.uppercased()).map(UInt32.init)
  }
}
