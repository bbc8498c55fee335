package import StreamingJSON

/// Affinity of requests to endpoints by a hash.
package struct ConsistentHashLoadBalancer: Hashable, Sendable {
  /// The values `hashKey` can take.
  package enum HashKey: Hashable, Sendable {
    /// The value of a header.
    case httpHeaderName(String)
    /// The value of a cookie.
    case httpCookie(HTTPCookie)
    /// The address of the client.
    case useSourceIp(Bool)
    /// The value of a query parameter.
    case httpQueryParameterName(String)
  }

  /// The values `hashAlgorithm` can take.
  package enum HashAlgorithm: Hashable, Sendable {
    /// A hash ring.
    case ringHash(RingHash)
    /// A Maglev table.
    case maglev(MagLev)
  }

  /// What is hashed.
  package var hashKey: HashKey?
  /// The algorithm. Unset: ring hash.
  package var hashAlgorithm: HashAlgorithm?
  /// Deprecated ring size. Unset: 1024 when no algorithm given.
  package var minimumRingSize: UInt64?

  /// Creates a value; what is left out is as if it were not written.
  package init(
    hashKey: HashKey? = nil,
    hashAlgorithm: HashAlgorithm? = nil,
    minimumRingSize: UInt64? = nil
  ) {
    self.hashKey = hashKey
    self.hashAlgorithm = hashAlgorithm
    self.minimumRingSize = minimumRingSize
  }
}

extension ConsistentHashLoadBalancer: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "httpHeaderName":
        try reader.requireUnset(
          hashKey == nil, oneOf: "httpHeaderName, httpCookie, useSourceIp, httpQueryParameterName")
        hashKey = .httpHeaderName(try reader.read())
      case "httpCookie":
        try reader.requireUnset(
          hashKey == nil, oneOf: "httpHeaderName, httpCookie, useSourceIp, httpQueryParameterName")
        hashKey = .httpCookie(try reader.read())
      case "useSourceIp":
        try reader.requireUnset(
          hashKey == nil, oneOf: "httpHeaderName, httpCookie, useSourceIp, httpQueryParameterName")
        hashKey = .useSourceIp(try reader.read())
      case "httpQueryParameterName":
        try reader.requireUnset(
          hashKey == nil, oneOf: "httpHeaderName, httpCookie, useSourceIp, httpQueryParameterName")
        hashKey = .httpQueryParameterName(try reader.read())
      case "ringHash":
        try reader.requireUnset(hashAlgorithm == nil, oneOf: "ringHash, maglev")
        hashAlgorithm = .ringHash(try reader.read())
      case "maglev":
        try reader.requireUnset(hashAlgorithm == nil, oneOf: "ringHash, maglev")
        hashAlgorithm = .maglev(try reader.read())
      case "minimumRingSize": minimumRingSize = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// The size of a hash ring.
package struct RingHash: Hashable, Sendable {
  /// Min ring entries. Unset: 1024 (Envoy).
  package var minimumRingSize: UInt64?

  /// Creates a value; what is left out is as if it were not written.
  package init(minimumRingSize: UInt64? = nil) {
    self.minimumRingSize = minimumRingSize
  }
}

extension RingHash: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "minimumRingSize": minimumRingSize = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// The size of a Maglev table.
package struct MagLev: Hashable, Sendable {
  /// Table size. Unset: 65537 (Envoy); validation demands a value.
  package var tableSize: UInt64?

  /// Creates a value; what is left out is as if it were not written.
  package init(tableSize: UInt64? = nil) {
    self.tableSize = tableSize
  }
}

extension MagLev: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "tableSize": tableSize = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// The cookie whose value is hashed.
package struct HTTPCookie: Hashable, Sendable {
  /// Cookie name.
  package var name: String
  /// Cookie path.
  package var path: String
  /// Cookie lifetime; 0s = session cookie.
  package var ttl: IstioDuration?
  /// Extra Set-Cookie attributes.
  package var attributes: [CookieAttribute]

  /// Creates a value; what is left out is as if it were not written.
  package init(
    name: String = "",
    path: String = "",
    ttl: IstioDuration? = nil,
    attributes: [CookieAttribute] = []
  ) {
    self.name = name
    self.path = path
    self.ttl = ttl
    self.attributes = attributes
  }
}

extension HTTPCookie: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "name": name = try reader.read()
      case "path": path = try reader.read()
      case "ttl": ttl = try reader.read()
      case "attributes": attributes = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// An extra attribute of a generated cookie.
package struct CookieAttribute: Hashable, Sendable {
  /// Attribute name.
  package var name: String
  /// Attribute value.
  package var value: String

  /// Creates a value; what is left out is as if it were not written.
  package init(name: String = "", value: String = "") {
    self.name = name
    self.value = value
  }
}

extension CookieAttribute: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "name": name = try reader.read()
      case "value": value = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}
