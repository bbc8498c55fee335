package import StreamingJSON

/// One ordered rule for TLS traffic that is passed through.
package struct TLSRoute: Hashable, Sendable {
  /// SNI conditions.
  package var match: [TLSMatchAttributes]
  /// Weighted TCP destinations.
  package var route: [RouteDestination]

  /// Creates a value; what is left out is as if it were not written.
  package init(match: [TLSMatchAttributes] = [], route: [RouteDestination] = []) {
    self.match = match
    self.route = route
  }
}

extension TLSRoute: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "match": match = try reader.read()
      case "route": route = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// Conditions on a TLS connection, all of which must hold.
package struct TLSMatchAttributes: Hashable, Sendable {
  /// SNI names, left wildcard ok.
  package var sniHosts: [String]
  /// Destination IP/CIDR conditions.
  package var destinationSubnets: [String]
  /// Service port. Unset: 0 (any).
  package var port: UInt32?
  /// Client workload selector.
  package var sourceLabels: [String: String]
  /// Gateway override. Unset: inherits.
  package var gateways: [String]
  /// Client namespace selector.
  package var sourceNamespace: String

  /// Creates a value; what is left out is as if it were not written.
  package init(
    sniHosts: [String] = [],
    destinationSubnets: [String] = [],
    port: UInt32? = nil,
    sourceLabels: [String: String] = [:],
    gateways: [String] = [],
    sourceNamespace: String = ""
  ) {
    self.sniHosts = sniHosts
    self.destinationSubnets = destinationSubnets
    self.port = port
    self.sourceLabels = sourceLabels
    self.gateways = gateways
    self.sourceNamespace = sourceNamespace
  }
}

extension TLSMatchAttributes: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "sniHosts": sniHosts = try reader.readStrings()
      case "destinationSubnets": destinationSubnets = try reader.readStrings()
      case "port": port = try reader.read()
      case "sourceLabels": sourceLabels = try reader.readStringMap()
      case "gateways": gateways = try reader.readStrings()
      case "sourceNamespace": sourceNamespace = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}
