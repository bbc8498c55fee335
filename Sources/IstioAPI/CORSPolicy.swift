package import StreamingJSON

/// What happens to preflight requests of origins that do not match.
package enum UnmatchedPreflights: String, IstioEnum {
  /// As `FORWARD`.
  case unspecified = "UNSPECIFIED"
  /// They go upstream.
  case forward = "FORWARD"
  /// They are answered without CORS headers.
  case ignore = "IGNORE"
}

/// Cross-origin resource sharing of a route.
package struct CORSPolicy: Hashable, Sendable {
  /// Matchers of allowed origins.
  package var allowOrigins: [StringMatch]
  /// Deprecated exact list.
  package var allowOrigin: [String]
  /// Access-Control-Allow-Methods.
  package var allowMethods: [String]
  /// Access-Control-Allow-Headers.
  package var allowHeaders: [String]
  /// Access-Control-Expose-Headers.
  package var exposeHeaders: [String]
  /// Preflight cache.
  package var maxAge: IstioDuration?
  /// Credentials flag.
  package var allowCredentials: Bool?
  /// Whether unmatched preflight goes upstream. Unset: fORWARD.
  package var unmatchedPreflights: UnmatchedPreflights

  /// Creates a value; what is left out is as if it were not written.
  package init(
    allowOrigins: [StringMatch] = [],
    allowOrigin: [String] = [],
    allowMethods: [String] = [],
    allowHeaders: [String] = [],
    exposeHeaders: [String] = [],
    maxAge: IstioDuration? = nil,
    allowCredentials: Bool? = nil,
    unmatchedPreflights: UnmatchedPreflights = .unspecified
  ) {
    self.allowOrigins = allowOrigins
    self.allowOrigin = allowOrigin
    self.allowMethods = allowMethods
    self.allowHeaders = allowHeaders
    self.exposeHeaders = exposeHeaders
    self.maxAge = maxAge
    self.allowCredentials = allowCredentials
    self.unmatchedPreflights = unmatchedPreflights
  }
}

extension CORSPolicy: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "allowOrigins": allowOrigins = try reader.read()
      case "allowOrigin": allowOrigin = try reader.readStrings()
      case "allowMethods": allowMethods = try reader.readStrings()
      case "allowHeaders": allowHeaders = try reader.readStrings()
      case "exposeHeaders": exposeHeaders = try reader.readStrings()
      case "maxAge": maxAge = try reader.read()
      case "allowCredentials": allowCredentials = try reader.read()
      case "unmatchedPreflights": unmatchedPreflights = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}
