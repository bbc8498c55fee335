package import StreamingJSON

/// A service, or a subset of it, that traffic is sent to.
package struct Destination: Hashable, Sendable {
  /// Service name (short = own namespace).
  package var host: String
  /// DR subset.
  package var subset: String
  /// Port selector. Unset: only port of service.
  package var port: PortSelector?

  /// Creates a value; what is left out is as if it were not written.
  package init(host: String = "", subset: String = "", port: PortSelector? = nil) {
    self.host = host
    self.subset = subset
    self.port = port
  }
}

extension Destination: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "host": host = try reader.read()
      case "subset": subset = try reader.read()
      case "port": port = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// A port chosen by its number.
package struct PortSelector: Hashable, Sendable {
  /// Port number.
  package var number: UInt32

  /// Creates a value; what is left out is as if it were not written.
  package init(number: UInt32 = 0) {
    self.number = number
  }
}

extension PortSelector: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "number": number = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// One weighted destination of an HTTP rule.
package struct HTTPRouteDestination: Hashable, Sendable {
  /// Target service/subset/port.
  package var destination: Destination?
  /// Share = weight divided by sum. Unset: 0 (100 % if single).
  package var weight: Int32
  /// Header edits for this destination only.
  package var headers: HeaderRules?

  /// Creates a value; what is left out is as if it were not written.
  package init(destination: Destination? = nil, weight: Int32 = 0, headers: HeaderRules? = nil) {
    self.destination = destination
    self.weight = weight
    self.headers = headers
  }
}

extension HTTPRouteDestination: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "destination": destination = try reader.read()
      case "weight": weight = try reader.read()
      case "headers": headers = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// One weighted destination of a TLS or TCP rule.
package struct RouteDestination: Hashable, Sendable {
  /// Target.
  package var destination: Destination?
  /// Share. Unset: 0 (100 % if single).
  package var weight: Int32

  /// Creates a value; what is left out is as if it were not written.
  package init(destination: Destination? = nil, weight: Int32 = 0) {
    self.destination = destination
    self.weight = weight
  }
}

extension RouteDestination: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "destination": destination = try reader.read()
      case "weight": weight = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}
