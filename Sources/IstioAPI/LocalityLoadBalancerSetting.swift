package import StreamingJSON

/// Which localities traffic goes to, and where it falls back to.
package struct LocalityLoadBalancerSetting: Hashable, Sendable {
  /// Explicit weights between localities.
  package var distribute: [LocalityDistribution]
  /// Region to region failover.
  package var failover: [LocalityFailover]
  /// Ordered labels giving priorities (key or key=value).
  package var failoverPriority: [String]
  /// Switch locality LB. Unset: inherits mesh.
  package var enabled: Bool?

  /// Creates a value; what is left out is as if it were not written.
  package init(
    distribute: [LocalityDistribution] = [],
    failover: [LocalityFailover] = [],
    failoverPriority: [String] = [],
    enabled: Bool? = nil
  ) {
    self.distribute = distribute
    self.failover = failover
    self.failoverPriority = failoverPriority
    self.enabled = enabled
  }
}

extension LocalityLoadBalancerSetting: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "distribute": distribute = try reader.read()
      case "failover": failover = try reader.read()
      case "failoverPriority": failoverPriority = try reader.readStrings()
      case "enabled": enabled = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// Weights of the localities that traffic of one locality goes to.
package struct LocalityDistribution: Hashable, Sendable {
  /// Source locality `region/zone/subzone`, trailing `*`.
  package var from: String
  /// Target locality to weight.
  package var to: [String: UInt32]

  /// Creates a value; what is left out is as if it were not written.
  package init(from: String = "", to: [String: UInt32] = [:]) {
    self.from = from
    self.to = to
  }
}

extension LocalityDistribution: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "from": from = try reader.read()
      case "to": to = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// The region that takes over when a region has no healthy endpoint.
package struct LocalityFailover: Hashable, Sendable {
  /// Source region.
  package var from: String
  /// Target region.
  package var to: String

  /// Creates a value; what is left out is as if it were not written.
  package init(from: String = "", to: String = "") {
    self.from = from
    self.to = to
  }
}

extension LocalityFailover: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "from": from = try reader.read()
      case "to": to = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// Zone-aware routing by the load of each zone.
package struct ZoneAwareLoadBalancerSetting: Hashable, Sendable {
  /// Switch. Unset: inherits mesh; false emits routing_enabled 0 %.
  package var enabled: Bool?
  /// Min local hosts. Unset: 6.
  package var minClusterSize: UInt32?
  /// Cross-region order.
  package var failover: [LocalityFailover]
  /// Label tiers on top of regions.
  package var failoverPriority: [String]

  /// Creates a value; what is left out is as if it were not written.
  package init(
    enabled: Bool? = nil,
    minClusterSize: UInt32? = nil,
    failover: [LocalityFailover] = [],
    failoverPriority: [String] = []
  ) {
    self.enabled = enabled
    self.minClusterSize = minClusterSize
    self.failover = failover
    self.failoverPriority = failoverPriority
  }
}

extension ZoneAwareLoadBalancerSetting: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "enabled": enabled = try reader.read()
      case "minClusterSize": minClusterSize = try reader.read()
      case "failover": failover = try reader.read()
      case "failoverPriority": failoverPriority = try reader.readStrings()
      default: try reader.skipUnknownField()
      }
    }
  }
}
