package import StreamingJSON

/// Limits on connections and requests to a service.
package struct ConnectionPoolSettings: Hashable, Sendable {
  /// L4 limits.
  package var tcp: TCPSettings?
  /// L7 limits.
  package var http: HTTPSettings?

  /// Creates a value; what is left out is as if it were not written.
  package init(tcp: TCPSettings? = nil, http: HTTPSettings? = nil) {
    self.tcp = tcp
    self.http = http
  }
}

extension ConnectionPoolSettings: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "tcp": tcp = try reader.read()
      case "http": http = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// Limits that hold for TCP and HTTP connections alike.
package struct TCPSettings: Hashable, Sendable {
  /// Max connections. Unset: 4294967295.
  package var maxConnections: Int32?
  /// Connect timeout. Unset: mesh connectTimeout 10 s.
  package var connectTimeout: IstioDuration?
  /// SO_KEEPALIVE. Unset: mesh tcpKeepalive.
  package var tcpKeepalive: TCPKeepalive?
  /// Max age of a connection. Unset: none.
  package var maxConnectionDuration: IstioDuration?
  /// TCP idle timeout; 0s disables. Unset: 1 h (Envoy); also put on tcp_proxy listener of first
  /// weighted route.
  package var idleTimeout: IstioDuration?

  /// Creates a value; what is left out is as if it were not written.
  package init(
    maxConnections: Int32? = nil,
    connectTimeout: IstioDuration? = nil,
    tcpKeepalive: TCPKeepalive? = nil,
    maxConnectionDuration: IstioDuration? = nil,
    idleTimeout: IstioDuration? = nil
  ) {
    self.maxConnections = maxConnections
    self.connectTimeout = connectTimeout
    self.tcpKeepalive = tcpKeepalive
    self.maxConnectionDuration = maxConnectionDuration
    self.idleTimeout = idleTimeout
  }
}

extension TCPSettings: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "maxConnections": maxConnections = try reader.read()
      case "connectTimeout": connectTimeout = try reader.read()
      case "tcpKeepalive": tcpKeepalive = try reader.read()
      case "maxConnectionDuration": maxConnectionDuration = try reader.read()
      case "idleTimeout": idleTimeout = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// Keepalive probes of a TCP socket.
package struct TCPKeepalive: Hashable, Sendable {
  /// Probes. Unset: oS (9).
  package var probes: UInt32?
  /// Idle before probe. Unset: oS (7200 s).
  package var time: IstioDuration?
  /// Between probes. Unset: oS (75 s).
  package var interval: IstioDuration?

  /// Creates a value; what is left out is as if it were not written.
  package init(probes: UInt32? = nil, time: IstioDuration? = nil, interval: IstioDuration? = nil) {
    self.probes = probes
    self.time = time
    self.interval = interval
  }
}

extension TCPKeepalive: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "probes": probes = try reader.read()
      case "time": time = try reader.read()
      case "interval": interval = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// Whether HTTP/1.1 connections are made HTTP/2.
package enum H2UpgradePolicy: String, IstioEnum {
  /// As the mesh says.
  case defaulted = "DEFAULT"
  /// Never.
  case doNotUpgrade = "DO_NOT_UPGRADE"
  /// Always.
  case upgrade = "UPGRADE"
}

/// Limits that hold for HTTP connections.
package struct HTTPSettings: Hashable, Sendable {
  /// Pending queue. Unset: 4294967295.
  package var http1MaxPendingRequests: Int32?
  /// Active requests. Unset: 4294967295.
  package var http2MaxRequests: Int32?
  /// Requests per connection (1 = no keep-alive). Unset: 0 unlimited.
  package var maxRequestsPerConnection: Int32?
  /// Concurrent retries. Unset: 4294967295.
  package var maxRetries: Int32?
  /// Pool idle. Unset: 1 h (Envoy).
  package var idleTimeout: IstioDuration?
  /// Force/deny HTTP/2 upstream. Unset: dEFAULT (mesh).
  package var h2UpgradePolicy: H2UpgradePolicy
  /// Mirror downstream HTTP version.
  package var useClientProtocol: Bool
  /// H2 streams per connection; applied only if cluster is explicit H2. Unset: 2^31-1.
  package var maxConcurrentStreams: Int32?
  /// H2 PING (new in 1.31); only for explicit H2 clusters.
  package var http2KeepAlive: HTTP2KeepAlive?

  /// Creates a value; what is left out is as if it were not written.
  package init(
    http1MaxPendingRequests: Int32? = nil,
    http2MaxRequests: Int32? = nil,
    maxRequestsPerConnection: Int32? = nil,
    maxRetries: Int32? = nil,
    idleTimeout: IstioDuration? = nil,
    h2UpgradePolicy: H2UpgradePolicy = .defaulted,
    useClientProtocol: Bool = false,
    maxConcurrentStreams: Int32? = nil,
    http2KeepAlive: HTTP2KeepAlive? = nil
  ) {
    self.http1MaxPendingRequests = http1MaxPendingRequests
    self.http2MaxRequests = http2MaxRequests
    self.maxRequestsPerConnection = maxRequestsPerConnection
    self.maxRetries = maxRetries
    self.idleTimeout = idleTimeout
    self.h2UpgradePolicy = h2UpgradePolicy
    self.useClientProtocol = useClientProtocol
    self.maxConcurrentStreams = maxConcurrentStreams
    self.http2KeepAlive = http2KeepAlive
  }
}

extension HTTPSettings: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "http1MaxPendingRequests": http1MaxPendingRequests = try reader.read()
      case "http2MaxRequests": http2MaxRequests = try reader.read()
      case "maxRequestsPerConnection": maxRequestsPerConnection = try reader.read()
      case "maxRetries": maxRetries = try reader.read()
      case "idleTimeout": idleTimeout = try reader.read()
      case "h2UpgradePolicy": h2UpgradePolicy = try reader.read()
      case "useClientProtocol": useClientProtocol = try reader.read()
      case "maxConcurrentStreams": maxConcurrentStreams = try reader.read()
      case "http2KeepAlive": http2KeepAlive = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// PING frames on HTTP/2 connections.
package struct HTTP2KeepAlive: Hashable, Sendable {
  /// Ping period.
  package var interval: IstioDuration?
  /// Ping timeout.
  package var timeout: IstioDuration?

  /// Creates a value; what is left out is as if it were not written.
  package init(interval: IstioDuration? = nil, timeout: IstioDuration? = nil) {
    self.interval = interval
    self.timeout = timeout
  }
}

extension HTTP2KeepAlive: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "interval": interval = try reader.read()
      case "timeout": timeout = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}
