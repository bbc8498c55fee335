package import StreamingJSON

/// The specification of a kind that is kept and not yet acted on.
package struct OpaqueSpec: Hashable, Sendable {
  /// The specification as it was written.
  package var raw: JSONValue

  /// Keeps a specification.
  package init(raw: JSONValue = .object(JSONObject())) {
    self.raw = raw
  }
}

extension OpaqueSpec: JSONReadable {
  /// Reads the specification, which must be an object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    guard try reader.peekKind() == .object else {
      throw reader.error("an object is expected")
    }
    raw = try reader.readValue()
  }
}

/// A Telemetry, kept as written.
package typealias Telemetry = OpaqueSpec
/// An EnvoyFilter, kept as written.
package typealias EnvoyFilter = OpaqueSpec
/// A ProxyConfig resource, kept as written.
package typealias ProxyConfig = OpaqueSpec
/// A WasmPlugin, kept as written.
package typealias WasmPlugin = OpaqueSpec
