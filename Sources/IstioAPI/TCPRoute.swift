package import StreamingJSON

/// One ordered rule for opaque TCP traffic.
package struct TCPRoute: Hashable, Sendable {
  /// L4 conditions. Unset: [] (= all).
  package var match: [L4MatchAttributes]
  /// Weighted destinations.
  package var route: [RouteDestination]

  /// Creates a value; what is left out is as if it were not written.
  package init(match: [L4MatchAttributes] = [], route: [RouteDestination] = []) {
    self.match = match
    self.route = route
  }
}

extension TCPRoute: JSONReadable {
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

/// Conditions on a TCP connection, all of which must hold.
package struct L4MatchAttributes: Hashable, Sendable {
  /// Destination IP/CIDR.
  package var destinationSubnets: [String]
  /// Service port. Unset: 0 (any).
  package var port: UInt32?
  /// Hidden; not read by istiod at HEAD.
  package var sourceSubnet: String
  /// Client workload selector.
  package var sourceLabels: [String: String]
  /// Gateway override. Unset: inherits.
  package var gateways: [String]
  /// Client namespace selector.
  package var sourceNamespace: String

  /// Creates a value; what is left out is as if it were not written.
  package init(
    destinationSubnets: [String] = [],
    port: UInt32? = nil,
    sourceSubnet: String = "",
    sourceLabels: [String: String] = [:],
    gateways: [String] = [],
    sourceNamespace: String = ""
  ) {
    self.destinationSubnets = destinationSubnets
    self.port = port
    self.sourceSubnet = sourceSubnet
    self.sourceLabels = sourceLabels
    self.gateways = gateways
    self.sourceNamespace = sourceNamespace
  }
}

extension L4MatchAttributes: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "destinationSubnets": destinationSubnets = try reader.readStrings()
      case "port": port = try reader.read()
      case "sourceSubnet": sourceSubnet = try reader.read()
      case "sourceLabels": sourceLabels = try reader.readStringMap()
      case "gateways": gateways = try reader.readStrings()
      case "sourceNamespace": sourceNamespace = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}
