package import StreamingJSON

/// When and how often a failed request is tried again.
package struct HTTPRetry: Hashable, Sendable {
  /// Number of retries. Unset: 0 gives retries off.
  package var attempts: Int32
  /// Per-attempt timeout. Unset: route timeout.
  package var perTryTimeout: IstioDuration?
  /// Comma list of Envoy retry conditions and/or HTTP codes. Unset: see retries.
  package var retryOn: String
  /// Allow retry into other locality priorities (previous_priorities, updateFrequency 2).
  package var retryRemoteLocalities: Bool?
  /// Skip hosts already tried. Unset: true (false when route uses consistent hash).
  package var retryIgnorePreviousHosts: Bool?
  /// Base back-off interval. Unset: 25 ms.
  package var backoff: IstioDuration?

  /// Creates a value; what is left out is as if it were not written.
  package init(
    attempts: Int32 = 0,
    perTryTimeout: IstioDuration? = nil,
    retryOn: String = "",
    retryRemoteLocalities: Bool? = nil,
    retryIgnorePreviousHosts: Bool? = nil,
    backoff: IstioDuration? = nil
  ) {
    self.attempts = attempts
    self.perTryTimeout = perTryTimeout
    self.retryOn = retryOn
    self.retryRemoteLocalities = retryRemoteLocalities
    self.retryIgnorePreviousHosts = retryIgnorePreviousHosts
    self.backoff = backoff
  }
}

extension HTTPRetry: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "attempts": attempts = try reader.read()
      case "perTryTimeout": perTryTimeout = try reader.read()
      case "retryOn": retryOn = try reader.read()
      case "retryRemoteLocalities": retryRemoteLocalities = try reader.read()
      case "retryIgnorePreviousHosts": retryIgnorePreviousHosts = try reader.read()
      case "backoff": backoff = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}
