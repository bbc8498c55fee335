package import StreamingJSON

/// Faults put into the path of requests on purpose.
package struct HTTPFaultInjection: Hashable, Sendable {
  /// Latency injection.
  package var delay: FaultDelay?
  /// Error injection.
  package var abort: FaultAbort?

  /// Creates a value; what is left out is as if it were not written.
  package init(delay: FaultDelay? = nil, abort: FaultAbort? = nil) {
    self.delay = delay
    self.abort = abort
  }
}

extension HTTPFaultInjection: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "delay": delay = try reader.read()
      case "abort": abort = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// A delay before a request is forwarded.
package struct FaultDelay: Hashable, Sendable {
  /// The values `delayType` can take.
  package enum DelayType: Hashable, Sendable {
    /// Always this long.
    case fixedDelay(IstioDuration)
    /// Never implemented; refused by validation.
    case exponentialDelay(IstioDuration)
  }

  /// Share delayed. Unset: 0 % (no requests).
  package var percentage: Percent?
  /// Deprecated integer percent.
  package var percent: Int32?
  /// How long.
  package var delayType: DelayType?

  /// Creates a value; what is left out is as if it were not written.
  package init(percentage: Percent? = nil, percent: Int32? = nil, delayType: DelayType? = nil) {
    self.percentage = percentage
    self.percent = percent
    self.delayType = delayType
  }
}

extension FaultDelay: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "percentage": percentage = try reader.read()
      case "percent": percent = try reader.read()
      case "fixedDelay":
        try reader.requireUnset(delayType == nil, oneOf: "fixedDelay, exponentialDelay")
        delayType = .fixedDelay(try reader.read())
      case "exponentialDelay":
        try reader.requireUnset(delayType == nil, oneOf: "fixedDelay, exponentialDelay")
        delayType = .exponentialDelay(try reader.read())
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// An error answered instead of forwarding a request.
package struct FaultAbort: Hashable, Sendable {
  /// The values `errorType` can take.
  package enum ErrorType: Hashable, Sendable {
    /// An HTTP status.
    case httpStatus(Int32)
    /// A gRPC status by its name, such as `UNAVAILABLE`.
    case grpcStatus(String)
    /// Never implemented; refused by validation.
    case http2Error(String)
  }

  /// Share aborted. Unset: 0 %.
  package var percentage: Percent?
  /// The error.
  package var errorType: ErrorType?

  /// Creates a value; what is left out is as if it were not written.
  package init(percentage: Percent? = nil, errorType: ErrorType? = nil) {
    self.percentage = percentage
    self.errorType = errorType
  }
}

extension FaultAbort: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "percentage": percentage = try reader.read()
      case "httpStatus":
        try reader.requireUnset(errorType == nil, oneOf: "httpStatus, grpcStatus, http2Error")
        errorType = .httpStatus(try reader.read())
      case "grpcStatus":
        try reader.requireUnset(errorType == nil, oneOf: "httpStatus, grpcStatus, http2Error")
        errorType = .grpcStatus(try reader.read())
      case "http2Error":
        try reader.requireUnset(errorType == nil, oneOf: "httpStatus, grpcStatus, http2Error")
        errorType = .http2Error(try reader.read())
      default: try reader.skipUnknownField()
      }
    }
  }
}
