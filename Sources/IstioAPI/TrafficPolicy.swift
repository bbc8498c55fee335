package import StreamingJSON

/// Load balancing, limits, ejection and TLS towards a service.
package struct TrafficPolicy: Hashable, Sendable {
  /// LB algorithm block. Unset: lEAST_REQUEST.
  package var loadBalancer: LoadBalancerSettings?
  /// Circuit-breaker and pool limits. Unset: mesh defaultTrafficPolicy, else effectively unlimited.
  package var connectionPool: ConnectionPoolSettings?
  /// Passive health ejection. Unset: mesh defaultTrafficPolicy, else none; success-rate ejection
  /// always off.
  package var outlierDetection: OutlierDetection?
  /// Upstream TLS origination. Unset: unset gives auto-mTLS decides.
  package var tls: ClientTLSSettings?
  /// Per-port override, no inheritance of omitted blocks.
  package var portLevelSettings: [PortTrafficPolicy]
  /// TCP over HTTP CONNECT/POST (only tcp/tls routes).
  package var tunnel: TunnelSettings?
  /// Upstream PROXY protocol.
  package var proxyProtocol: ProxyProtocol?
  /// Concurrent-retry budget.
  package var retryBudget: RetryBudget?

  /// Creates a value; what is left out is as if it were not written.
  package init(
    loadBalancer: LoadBalancerSettings? = nil,
    connectionPool: ConnectionPoolSettings? = nil,
    outlierDetection: OutlierDetection? = nil,
    tls: ClientTLSSettings? = nil,
    portLevelSettings: [PortTrafficPolicy] = [],
    tunnel: TunnelSettings? = nil,
    proxyProtocol: ProxyProtocol? = nil,
    retryBudget: RetryBudget? = nil
  ) {
    self.loadBalancer = loadBalancer
    self.connectionPool = connectionPool
    self.outlierDetection = outlierDetection
    self.tls = tls
    self.portLevelSettings = portLevelSettings
    self.tunnel = tunnel
    self.proxyProtocol = proxyProtocol
    self.retryBudget = retryBudget
  }
}

extension TrafficPolicy: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "loadBalancer": loadBalancer = try reader.read()
      case "connectionPool": connectionPool = try reader.read()
      case "outlierDetection": outlierDetection = try reader.read()
      case "tls": tls = try reader.read()
      case "portLevelSettings": portLevelSettings = try reader.read()
      case "tunnel": tunnel = try reader.read()
      case "proxyProtocol": proxyProtocol = try reader.read()
      case "retryBudget": retryBudget = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// A traffic policy for one port; it inherits nothing.
package struct PortTrafficPolicy: Hashable, Sendable {
  /// Port selector.
  package var port: PortSelector?
  /// LB algorithm block. Unset: lEAST_REQUEST.
  package var loadBalancer: LoadBalancerSettings?
  /// Circuit-breaker and pool limits. Unset: mesh defaultTrafficPolicy, else effectively unlimited.
  package var connectionPool: ConnectionPoolSettings?
  /// Passive health ejection. Unset: mesh defaultTrafficPolicy, else none; success-rate ejection
  /// always off.
  package var outlierDetection: OutlierDetection?
  /// Upstream TLS origination. Unset: unset gives auto-mTLS decides.
  package var tls: ClientTLSSettings?

  /// Creates a value; what is left out is as if it were not written.
  package init(
    port: PortSelector? = nil,
    loadBalancer: LoadBalancerSettings? = nil,
    connectionPool: ConnectionPoolSettings? = nil,
    outlierDetection: OutlierDetection? = nil,
    tls: ClientTLSSettings? = nil
  ) {
    self.port = port
    self.loadBalancer = loadBalancer
    self.connectionPool = connectionPool
    self.outlierDetection = outlierDetection
    self.tls = tls
  }
}

extension PortTrafficPolicy: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "port": port = try reader.read()
      case "loadBalancer": loadBalancer = try reader.read()
      case "connectionPool": connectionPool = try reader.read()
      case "outlierDetection": outlierDetection = try reader.read()
      case "tls": tls = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// TCP carried over HTTP CONNECT or POST.
package struct TunnelSettings: Hashable, Sendable {
  /// Method. Unset: cONNECT.
  package var `protocol`: String
  /// Tunnel target.
  package var targetHost: String
  /// Tunnel port.
  package var targetPort: UInt32

  /// Creates a value; what is left out is as if it were not written.
  package init(`protocol`: String = "", targetHost: String = "", targetPort: UInt32 = 0) {
    self.protocol = `protocol`
    self.targetHost = targetHost
    self.targetPort = targetPort
  }
}

extension TunnelSettings: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "protocol": self.protocol = try reader.read()
      case "targetHost": targetHost = try reader.read()
      case "targetPort": targetPort = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// A version of the PROXY protocol.
package enum ProxyProtocolVersion: String, IstioEnum {
  /// The text form.
  case v1 = "V1"
  /// The binary form.
  case v2 = "V2"
}

/// The PROXY protocol spoken to an upstream.
package struct ProxyProtocol: Hashable, Sendable {
  /// Version. Unset: v1.
  package var version: ProxyProtocolVersion

  /// Creates a value; what is left out is as if it were not written.
  package init(version: ProxyProtocolVersion = .v1) {
    self.version = version
  }
}

extension ProxyProtocol: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "version": version = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// A limit on concurrent retries as a share of the active requests.
package struct RetryBudget: Hashable, Sendable {
  /// % of active+pending. Unset: 20.
  package var percent: Double?
  /// Floor. Unset: 3.
  package var minRetryConcurrency: UInt32?
  /// Look-back window. Unset: 0 ms.
  package var budgetInterval: IstioDuration?

  /// Creates a value; what is left out is as if it were not written.
  package init(
    percent: Double? = nil,
    minRetryConcurrency: UInt32? = nil,
    budgetInterval: IstioDuration? = nil
  ) {
    self.percent = percent
    self.minRetryConcurrency = minRetryConcurrency
    self.budgetInterval = budgetInterval
  }
}

extension RetryBudget: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "percent": percent = try reader.read()
      case "minRetryConcurrency": minRetryConcurrency = try reader.read()
      case "budgetInterval": budgetInterval = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}
