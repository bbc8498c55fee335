package import StreamingJSON

/// A fixed answer given without an upstream.
package struct HTTPDirectResponse: Hashable, Sendable {
  /// Status code.
  package var status: UInt32
  /// Reply body (one of string/bytes).
  package var body: HTTPBody?

  /// Creates a value; what is left out is as if it were not written.
  package init(status: UInt32 = 0, body: HTTPBody? = nil) {
    self.status = status
    self.body = body
  }
}

extension HTTPDirectResponse: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "status": status = try reader.read()
      case "body": body = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// The body of a fixed answer.
package struct HTTPBody: Hashable, Sendable {
  /// The values `specifier` can take.
  package enum Specifier: Hashable, Sendable {
    /// Text.
    case string(String)
    /// Bytes in Base64.
    case bytes(String)
  }

  /// The body. Unset: empty.
  package var specifier: Specifier?

  /// Creates a value; what is left out is as if it were not written.
  package init(specifier: Specifier? = nil) {
    self.specifier = specifier
  }
}

extension HTTPBody: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "string":
        try reader.requireUnset(specifier == nil, oneOf: "string, bytes")
        specifier = .string(try reader.read())
      case "bytes":
        try reader.requireUnset(specifier == nil, oneOf: "string, bytes")
        specifier = .bytes(try reader.read())
      default: try reader.skipUnknownField()
      }
    }
  }
}
