package import StreamingJSON

/// Conditions a request must meet, all of them.
package struct HTTPMatchRequest: Hashable, Sendable {
  /// Appended to route name.
  package var name: String
  /// Path condition; empty prefix allowed.
  package var uri: StringMatch?
  /// Case-insensitive exact/prefix path match (regex unaffected).
  package var ignoreUriCase: Bool
  /// `:scheme` condition.
  package var scheme: StringMatch?
  /// HTTP method condition.
  package var method: StringMatch?
  /// Host/:authority condition.
  package var authority: StringMatch?
  /// Header conditions; `{}` value = presence; `@request.auth.claims.*` = JWT-claim routing
  /// (gateway only).
  package var headers: [String: StringMatch]
  /// Inverted header conditions (regex `*` means presence).
  package var withoutHeaders: [String: StringMatch]
  /// Query-string conditions.
  package var queryParams: [String: StringMatch]
  /// Service port that must be addressed. Unset: 0 (any).
  package var port: UInt32?
  /// Apply rule only to client workloads with these labels (selector, not runtime match; needs
  /// `mesh`).
  package var sourceLabels: [String: String]
  /// Apply only to clients of that namespace.
  package var sourceNamespace: String
  /// Per-match override of bound gateways. Unset: inherits spec.gateways.
  package var gateways: [String]
  /// Envoy `route.<prefix>.*` stats.
  package var statPrefix: String

  /// Creates a value; what is left out is as if it were not written.
  package init(
    name: String = "",
    uri: StringMatch? = nil,
    ignoreUriCase: Bool = false,
    scheme: StringMatch? = nil,
    method: StringMatch? = nil,
    authority: StringMatch? = nil,
    headers: [String: StringMatch] = [:],
    withoutHeaders: [String: StringMatch] = [:],
    queryParams: [String: StringMatch] = [:],
    port: UInt32? = nil,
    sourceLabels: [String: String] = [:],
    sourceNamespace: String = "",
    gateways: [String] = [],
    statPrefix: String = ""
  ) {
    self.name = name
    self.uri = uri
    self.ignoreUriCase = ignoreUriCase
    self.scheme = scheme
    self.method = method
    self.authority = authority
    self.headers = headers
    self.withoutHeaders = withoutHeaders
    self.queryParams = queryParams
    self.port = port
    self.sourceLabels = sourceLabels
    self.sourceNamespace = sourceNamespace
    self.gateways = gateways
    self.statPrefix = statPrefix
  }
}

extension HTTPMatchRequest: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "name": name = try reader.read()
      case "uri": uri = try reader.read()
      case "ignoreUriCase": ignoreUriCase = try reader.read()
      case "scheme": scheme = try reader.read()
      case "method": method = try reader.read()
      case "authority": authority = try reader.read()
      case "headers": headers = try reader.read()
      case "withoutHeaders": withoutHeaders = try reader.read()
      case "queryParams": queryParams = try reader.read()
      case "port": port = try reader.read()
      case "sourceLabels": sourceLabels = try reader.readStringMap()
      case "sourceNamespace": sourceNamespace = try reader.read()
      case "gateways": gateways = try reader.readStrings()
      case "statPrefix": statPrefix = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}
