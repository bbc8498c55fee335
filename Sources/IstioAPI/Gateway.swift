package import StreamingJSON

/// A load balancer at the edge of the mesh: its servers and the pods it runs on
/// (networking.istio.io Gateway).
package struct Gateway: Hashable, Sendable {
  /// Labels of gateway pods; all namespaces unless PILOT_SCOPE_GATEWAY_TO_NAMESPACE. Unset: {} (all
  /// workloads).
  package var selector: [String: String]
  /// Listeners.
  package var servers: [Server]

  /// Creates a value; what is left out is as if it were not written.
  package init(selector: [String: String] = [:], servers: [Server] = []) {
    self.selector = selector
    self.servers = servers
  }
}

extension Gateway: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "selector": selector = try reader.readStringMap()
      case "servers": servers = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// One port of a gateway, or one captured port of a sidecar.
package struct Server: Hashable, Sendable {
  /// Stat prefix name.
  package var name: String
  /// Listener port.
  package var port: ServerPort?
  /// Listen IP or `unix:///path` / `unix://@abstract`. Unset: 0.0.0.0 / ::.
  package var bind: String
  /// `[ns/]dnsName`, ns may be `*`, `.`; which VS hosts may bind.
  package var hosts: [String]
  /// TLS settings.
  package var tls: ServerTLSSettings?
  /// Documented as not implemented; not read for gateways.
  package var defaultEndpoint: String

  /// Creates a value; what is left out is as if it were not written.
  package init(
    name: String = "",
    port: ServerPort? = nil,
    bind: String = "",
    hosts: [String] = [],
    tls: ServerTLSSettings? = nil,
    defaultEndpoint: String = ""
  ) {
    self.name = name
    self.port = port
    self.bind = bind
    self.hosts = hosts
    self.tls = tls
    self.defaultEndpoint = defaultEndpoint
  }
}

extension Server: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "name": name = try reader.read()
      case "port": port = try reader.read()
      case "bind": bind = try reader.read()
      case "hosts": hosts = try reader.readStrings()
      case "tls": tls = try reader.read()
      case "defaultEndpoint": defaultEndpoint = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// A port and the protocol spoken on it.
package struct ServerPort: Hashable, Sendable {
  /// Port; 0 only with unix bind.
  package var number: UInt32
  /// HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, TCP, TLS, MONGO, REDIS, MYSQL (case-insensitive; UDP,
  /// HTTP_PROXY parse too).
  package var `protocol`: String
  /// Unique label, part of RDS route name.
  package var name: String
  /// Deprecated.
  package var targetPort: UInt32?

  /// Creates a value; what is left out is as if it were not written.
  package init(
    number: UInt32 = 0,
    `protocol`: String = "",
    name: String = "",
    targetPort: UInt32? = nil
  ) {
    self.number = number
    self.protocol = `protocol`
    self.name = name
    self.targetPort = targetPort
  }
}

extension ServerPort: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "number": number = try reader.read()
      case "protocol": self.protocol = try reader.read()
      case "name": name = try reader.read()
      case "targetPort": targetPort = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}
