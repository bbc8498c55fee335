package import StreamingJSON

/// How the port of a redirect is derived.
package enum RedirectPortSelection: String, IstioEnum {
  /// 80 for http and 443 for https.
  case fromProtocolDefault = "FROM_PROTOCOL_DEFAULT"
  /// The port the request came in on.
  case fromRequestPort = "FROM_REQUEST_PORT"
}

/// An answer that sends the client elsewhere.
package struct HTTPRedirect: Hashable, Sendable {
  /// The values `redirectPort` can take.
  package enum RedirectPort: Hashable, Sendable {
    /// This port.
    case port(UInt32)
    /// A port derived from the request.
    case derivePort(RedirectPortSelection)
  }

  /// Replaces whole path.
  package var uri: String
  /// Replaces only the matched prefix.
  package var prefixRewrite: String
  /// Replaces Host.
  package var authority: String
  /// New scheme. Unset: "" (keep).
  package var scheme: String
  /// Status code. Unset: 301.
  package var redirectCode: UInt32?
  /// The port of the new location. Unset: the port stays as it is.
  package var redirectPort: RedirectPort?

  /// Creates a value; what is left out is as if it were not written.
  package init(
    uri: String = "",
    prefixRewrite: String = "",
    authority: String = "",
    scheme: String = "",
    redirectCode: UInt32? = nil,
    redirectPort: RedirectPort? = nil
  ) {
    self.uri = uri
    self.prefixRewrite = prefixRewrite
    self.authority = authority
    self.scheme = scheme
    self.redirectCode = redirectCode
    self.redirectPort = redirectPort
  }
}

extension HTTPRedirect: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "uri": uri = try reader.read()
      case "prefixRewrite": prefixRewrite = try reader.read()
      case "authority": authority = try reader.read()
      case "scheme": scheme = try reader.read()
      case "redirectCode": redirectCode = try reader.read()
      case "port":
        try reader.requireUnset(redirectPort == nil, oneOf: "port, derivePort")
        redirectPort = .port(try reader.read())
      case "derivePort":
        try reader.requireUnset(redirectPort == nil, oneOf: "port, derivePort")
        redirectPort = .derivePort(try reader.read())
      default: try reader.skipUnknownField()
      }
    }
  }
}
