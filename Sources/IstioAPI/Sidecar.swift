package import StreamingJSON

/// How traffic reaches a listener.
package enum CaptureMode: String, IstioEnum {
  /// As the proxy was set up.
  case defaulted = "DEFAULT"
  /// Redirected.
  case iptables = "IPTABLES"
  /// Addressed to the listener itself.
  case none = "NONE"
}

/// What a set of proxies serves and may reach (networking.istio.io Sidecar).
package struct Sidecar: Hashable, Sendable {
  /// Workloads in scope. Unset: unset = namespace default.
  package var workloadSelector: WorkloadSelector?
  /// Explicit inbound listeners. Unset: auto from services.
  package var ingress: [IstioIngressListener]
  /// What this proxy may reach. Unset: parent Sidecar / all services.
  package var egress: [IstioEgressListener]
  /// Inbound limits. Unset: dR connectionPool.
  package var inboundConnectionPool: ConnectionPoolSettings?
  /// Unknown-destination policy. Unset: mesh.
  package var outboundTrafficPolicy: OutboundTrafficPolicy?

  /// Creates a value; what is left out is as if it were not written.
  package init(
    workloadSelector: WorkloadSelector? = nil,
    ingress: [IstioIngressListener] = [],
    egress: [IstioEgressListener] = [],
    inboundConnectionPool: ConnectionPoolSettings? = nil,
    outboundTrafficPolicy: OutboundTrafficPolicy? = nil
  ) {
    self.workloadSelector = workloadSelector
    self.ingress = ingress
    self.egress = egress
    self.inboundConnectionPool = inboundConnectionPool
    self.outboundTrafficPolicy = outboundTrafficPolicy
  }
}

extension Sidecar: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "workloadSelector": workloadSelector = try reader.read()
      case "ingress": ingress = try reader.read()
      case "egress": egress = try reader.read()
      case "inboundConnectionPool": inboundConnectionPool = try reader.read()
      case "outboundTrafficPolicy": outboundTrafficPolicy = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// A port a sidecar takes inbound traffic on.
package struct IstioIngressListener: Hashable, Sendable {
  /// Listener port.
  package var port: SidecarPort?
  /// Listen IP. Unset: auto.
  package var bind: String
  /// IPTABLES / NONE. Unset: dEFAULT.
  package var captureMode: CaptureMode
  /// 127.0.0.1:p, [::1]:p, 0.0.0.0:p, [::]:p, unix:///path. Unset: instance IP:port.
  package var defaultEndpoint: String
  /// Terminate non-mesh TLS at sidecar.
  package var tls: ServerTLSSettings?
  /// Inbound limits per port. Unset: inherits inboundConnectionPool.
  package var connectionPool: ConnectionPoolSettings?

  /// Creates a value; what is left out is as if it were not written.
  package init(
    port: SidecarPort? = nil,
    bind: String = "",
    captureMode: CaptureMode = .defaulted,
    defaultEndpoint: String = "",
    tls: ServerTLSSettings? = nil,
    connectionPool: ConnectionPoolSettings? = nil
  ) {
    self.port = port
    self.bind = bind
    self.captureMode = captureMode
    self.defaultEndpoint = defaultEndpoint
    self.tls = tls
    self.connectionPool = connectionPool
  }
}

extension IstioIngressListener: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "port": port = try reader.read()
      case "bind": bind = try reader.read()
      case "captureMode": captureMode = try reader.read()
      case "defaultEndpoint": defaultEndpoint = try reader.read()
      case "tls": tls = try reader.read()
      case "connectionPool": connectionPool = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// A port a sidecar takes outbound traffic on, and the hosts behind it.
package struct IstioEgressListener: Hashable, Sendable {
  /// Explicit listener. Unset: unset = all ports.
  package var port: SidecarPort?
  /// Listen IP or UDS. Unset: auto / 127.0.0.1 if NONE.
  package var bind: String
  /// Capture. Unset: dEFAULT.
  package var captureMode: CaptureMode
  /// `ns/dnsName`; ns `*`, `.`, `~`; leading `~ns` excludes (1.31).
  package var hosts: [String]

  /// Creates a value; what is left out is as if it were not written.
  package init(
    port: SidecarPort? = nil,
    bind: String = "",
    captureMode: CaptureMode = .defaulted,
    hosts: [String] = []
  ) {
    self.port = port
    self.bind = bind
    self.captureMode = captureMode
    self.hosts = hosts
  }
}

extension IstioEgressListener: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "port": port = try reader.read()
      case "bind": bind = try reader.read()
      case "captureMode": captureMode = try reader.read()
      case "hosts": hosts = try reader.readStrings()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// A port of a sidecar listener.
package struct SidecarPort: Hashable, Sendable {
  /// Port.
  package var number: UInt32
  /// Protocol.
  package var `protocol`: String
  /// Name.
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

extension SidecarPort: JSONReadable {
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

/// What happens to traffic for unknown destinations.
package enum OutboundTrafficMode: String, IstioEnum {
  /// It is refused.
  case registryOnly = "REGISTRY_ONLY"
  /// It is passed through.
  case allowAny = "ALLOW_ANY"
  /// It is passed through, resolved by name.
  case allowAnyDynamicDns = "ALLOW_ANY_DYNAMIC_DNS"
}

/// What happens to traffic for unknown destinations.
package struct OutboundTrafficPolicy: Hashable, Sendable {
  /// Policy. Unset: rEGISTRY_ONLY when block present (enum 0).
  package var mode: OutboundTrafficMode
  /// Hidden: send unknown traffic to an egress service.
  package var egressProxy: Destination?

  /// Creates a value; what is left out is as if it were not written.
  package init(mode: OutboundTrafficMode = .registryOnly, egressProxy: Destination? = nil) {
    self.mode = mode
    self.egressProxy = egressProxy
  }
}

extension OutboundTrafficPolicy: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "mode": mode = try reader.read()
      case "egressProxy": egressProxy = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}
