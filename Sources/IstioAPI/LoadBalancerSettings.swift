package import StreamingJSON

/// A load-balancing algorithm without parameters.
package enum SimpleLoadBalancer: String, IstioEnum {
  /// As `LEAST_REQUEST`.
  case unspecified = "UNSPECIFIED"
  /// The old name of `LEAST_REQUEST`.
  case leastConn = "LEAST_CONN"
  /// A random healthy endpoint.
  case random = "RANDOM"
  /// The address the client asked for.
  case passthrough = "PASSTHROUGH"
  /// One endpoint after the other.
  case roundRobin = "ROUND_ROBIN"
  /// The endpoint with fewer open requests of two.
  case leastRequest = "LEAST_REQUEST"
}

/// How the endpoint of a request is chosen.
package struct LoadBalancerSettings: Hashable, Sendable {
  /// The values `policy` can take.
  package enum Policy: Hashable, Sendable {
    /// An algorithm without parameters.
    case simple(SimpleLoadBalancer)
    /// A hash of the request decides.
    case consistentHash(ConsistentHashLoadBalancer)
    /// Weights reported by the backends; accepted and not acted on.
    case backendUtilization(JSONValue)
  }

  /// The algorithm. Unset: least request.
  package var policy: Policy?
  /// Locality weights / failover. Unset: mesh setting (whole-object override).
  package var localityLbSetting: LocalityLoadBalancerSetting?
  /// Envoy zone-aware LB (new in 1.31; needs ISTIO_META_ENABLE_SELF_DISCOVERY).
  package var zoneAwareLbSetting: ZoneAwareLoadBalancerSetting?
  /// Deprecated slow-start window.
  package var warmupDurationSecs: IstioDuration?
  /// Slow start (ROUND_ROBIN / LEAST_REQUEST).
  package var warmup: WarmupConfiguration?

  /// Creates a value; what is left out is as if it were not written.
  package init(
    policy: Policy? = nil,
    localityLbSetting: LocalityLoadBalancerSetting? = nil,
    zoneAwareLbSetting: ZoneAwareLoadBalancerSetting? = nil,
    warmupDurationSecs: IstioDuration? = nil,
    warmup: WarmupConfiguration? = nil
  ) {
    self.policy = policy
    self.localityLbSetting = localityLbSetting
    self.zoneAwareLbSetting = zoneAwareLbSetting
    self.warmupDurationSecs = warmupDurationSecs
    self.warmup = warmup
  }
}

extension LoadBalancerSettings: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "simple":
        try reader.requireUnset(policy == nil, oneOf: "simple, consistentHash, backendUtilization")
        policy = .simple(try reader.read())
      case "consistentHash":
        try reader.requireUnset(policy == nil, oneOf: "simple, consistentHash, backendUtilization")
        policy = .consistentHash(try reader.read())
      case "backendUtilization":
        try reader.requireUnset(policy == nil, oneOf: "simple, consistentHash, backendUtilization")
        policy = .backendUtilization(try reader.read())
      case "localityLbSetting": localityLbSetting = try reader.read()
      case "zoneAwareLbSetting": zoneAwareLbSetting = try reader.read()
      case "warmupDurationSecs": warmupDurationSecs = try reader.read()
      case "warmup": warmup = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// Slow start of new endpoints.
package struct WarmupConfiguration: Hashable, Sendable {
  /// Window.
  package var duration: IstioDuration?
  /// Floor of weight. Unset: 10.
  package var minimumPercent: Double?
  /// Ramp curve. Unset: 1.0.
  package var aggression: Double?

  /// Creates a value; what is left out is as if it were not written.
  package init(
    duration: IstioDuration? = nil,
    minimumPercent: Double? = nil,
    aggression: Double? = nil
  ) {
    self.duration = duration
    self.minimumPercent = minimumPercent
    self.aggression = aggression
  }
}

extension WarmupConfiguration: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "duration": duration = try reader.read()
      case "minimumPercent": minimumPercent = try reader.read()
      case "aggression": aggression = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}
