package import StreamingJSON

/// Settings of the whole mesh (key `mesh` of the ConfigMap `istio`). A new value has the built-in
/// defaults; reading one lays what is written over them.
package struct MeshConfig: Hashable, Sendable {
  /// Outbound capture listener port. Unset: 15001.
  package var proxyListenPort: Int32
  /// Inbound capture listener port. Unset: 15006.
  package var proxyInboundListenPort: Int32
  /// Default cluster connect timeout. Unset: 10s.
  package var connectTimeout: IstioDuration
  /// Wait for first bytes when sniffing. Unset: 0s (none).
  package var protocolDetectionTimeout: IstioDuration
  /// Default upstream keepalive (TcpKeepalive type).
  package var tcpKeepalive: TCPKeepalive?
  /// Legacy access-log file. Unset: "" (off).
  package var accessLogFile: String
  /// Legacy format string. Unset: "" = Istio default line.
  package var accessLogFormat: String
  /// TEXT or JSON. Unset: tEXT.
  package var accessLogEncoding: AccessLogEncoding
  /// Default ProxyConfig (next table); merged, not replaced. Unset: built-in ProxyConfig.
  package var defaultConfig: ProxyConfiguration
  /// Unknown-destination policy. Unset: aLLOW_ANY.
  package var outboundTrafficPolicy: OutboundTrafficPolicy
  /// How inbound reaches the app. Unset: pASSTHROUGH.
  package var inboundTrafficPolicy: InboundTrafficPolicy
  /// Pick mTLS per endpoint automatically. Unset: true.
  package var enableAutoMtls: Bool
  /// Turn on legacy tracing config. Unset: true.
  package var enableTracing: Bool
  /// Agent merges app + Envoy metrics. Unset: true.
  package var enablePrometheusMerge: Bool
  /// SPIFFE trust domain. Unset: cluster.local.
  package var trustDomain: String
  /// Equal trust domains.
  package var trustDomainAliases: [String]
  /// Extra roots.
  package var caCertificates: [JSONValue]
  /// Default visibility of Services/ServiceEntries. Unset: ["*"].
  package var defaultServiceExportTo: [String]
  /// Default visibility of VS. Unset: ["*"].
  package var defaultVirtualServiceExportTo: [String]
  /// Default visibility of DR. Unset: ["*"].
  package var defaultDestinationRuleExportTo: [String]
  /// Mesh-wide config namespace. Unset: istio-system.
  package var rootNamespace: String
  /// Mesh locality LB (same type as DR). Unset: enabled: true.
  package var localityLbSetting: LocalityLoadBalancerSetting
  /// Refresh after DNS failure. Unset: 60s.
  package var dnsRefreshRate: IstioDuration
  /// Mesh default for HTTP/2 upgrade. Unset: dO_NOT_UPGRADE.
  package var h2UpgradePolicy: MeshH2UpgradePolicy
  /// Named providers; merged by name. A bad provider is only logged, not rejected. Unset:
  /// prometheus, stackdriver, envoy.
  package var extensionProviders: [ExtensionProvider]
  /// Default provider names.
  package var defaultProviders: DefaultProviders
  /// Namespaces istiod watches. Unset: [] (all).
  package var discoverySelectors: [LabelSelector]
  /// URL normalisation. Unset: dEFAULT.
  package var pathNormalization: ProxyPathNormalization
  /// Mesh retry default (HTTPRetry type). Unset: 2 attempts, default conditions.
  package var defaultHttpRetryPolicy: HTTPRetry?
  /// TLS params of ISTIO_MUTUAL. Unset: tLS 1.2+, 6 ciphers.
  package var meshMTLS: MeshTLSConfiguration?
  /// TLS params of everything else. Unset: envoy defaults.
  package var tlsDefaults: MeshTLSConfiguration?

  /// Creates a value; what is left out is as if it were not written.
  package init(
    proxyListenPort: Int32 = 15_001,
    proxyInboundListenPort: Int32 = 15_006,
    connectTimeout: IstioDuration = IstioDuration(seconds: 10),
    protocolDetectionTimeout: IstioDuration = IstioDuration(),
    tcpKeepalive: TCPKeepalive? = nil,
    accessLogFile: String = "",
    accessLogFormat: String = "",
    accessLogEncoding: AccessLogEncoding = .text,
    defaultConfig: ProxyConfiguration = ProxyConfiguration(),
    outboundTrafficPolicy: OutboundTrafficPolicy = OutboundTrafficPolicy(mode: .allowAny),
    inboundTrafficPolicy: InboundTrafficPolicy = InboundTrafficPolicy(),
    enableAutoMtls: Bool = true,
    enableTracing: Bool = true,
    enablePrometheusMerge: Bool = true,
    trustDomain: String = "cluster.local",
    trustDomainAliases: [String] = [],
    caCertificates: [JSONValue] = [],
    defaultServiceExportTo: [String] = ["*"],
    defaultVirtualServiceExportTo: [String] = ["*"],
    defaultDestinationRuleExportTo: [String] = ["*"],
    rootNamespace: String = "istio-system",
    localityLbSetting: LocalityLoadBalancerSetting = LocalityLoadBalancerSetting(enabled: true),
    dnsRefreshRate: IstioDuration = IstioDuration(seconds: 60),
    h2UpgradePolicy: MeshH2UpgradePolicy = .doNotUpgrade,
    extensionProviders: [ExtensionProvider] = [],
    defaultProviders: DefaultProviders = DefaultProviders(),
    discoverySelectors: [LabelSelector] = [],
    pathNormalization: ProxyPathNormalization = ProxyPathNormalization(),
    defaultHttpRetryPolicy: HTTPRetry? = nil,
    meshMTLS: MeshTLSConfiguration? = nil,
    tlsDefaults: MeshTLSConfiguration? = nil
  ) {
    self.proxyListenPort = proxyListenPort
    self.proxyInboundListenPort = proxyInboundListenPort
    self.connectTimeout = connectTimeout
    self.protocolDetectionTimeout = protocolDetectionTimeout
    self.tcpKeepalive = tcpKeepalive
    self.accessLogFile = accessLogFile
    self.accessLogFormat = accessLogFormat
    self.accessLogEncoding = accessLogEncoding
    self.defaultConfig = defaultConfig
    self.outboundTrafficPolicy = outboundTrafficPolicy
    self.inboundTrafficPolicy = inboundTrafficPolicy
    self.enableAutoMtls = enableAutoMtls
    self.enableTracing = enableTracing
    self.enablePrometheusMerge = enablePrometheusMerge
    self.trustDomain = trustDomain
    self.trustDomainAliases = trustDomainAliases
    self.caCertificates = caCertificates
    self.defaultServiceExportTo = defaultServiceExportTo
    self.defaultVirtualServiceExportTo = defaultVirtualServiceExportTo
    self.defaultDestinationRuleExportTo = defaultDestinationRuleExportTo
    self.rootNamespace = rootNamespace
    self.localityLbSetting = localityLbSetting
    self.dnsRefreshRate = dnsRefreshRate
    self.h2UpgradePolicy = h2UpgradePolicy
    self.extensionProviders = extensionProviders
    self.defaultProviders = defaultProviders
    self.discoverySelectors = discoverySelectors
    self.pathNormalization = pathNormalization
    self.defaultHttpRetryPolicy = defaultHttpRetryPolicy
    self.meshMTLS = meshMTLS
    self.tlsDefaults = tlsDefaults
  }
}

extension MeshConfig: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "proxyListenPort": proxyListenPort = try reader.read()
      case "proxyInboundListenPort": proxyInboundListenPort = try reader.read()
      case "connectTimeout": connectTimeout = try reader.read()
      case "protocolDetectionTimeout": protocolDetectionTimeout = try reader.read()
      case "tcpKeepalive": tcpKeepalive = try reader.read()
      case "accessLogFile": accessLogFile = try reader.read()
      case "accessLogFormat": accessLogFormat = try reader.read()
      case "accessLogEncoding": accessLogEncoding = try reader.read()
      case "defaultConfig": defaultConfig = try reader.read()
      case "outboundTrafficPolicy": outboundTrafficPolicy = try reader.read()
      case "inboundTrafficPolicy": inboundTrafficPolicy = try reader.read()
      case "enableAutoMtls": enableAutoMtls = try reader.read()
      case "enableTracing": enableTracing = try reader.read()
      case "enablePrometheusMerge": enablePrometheusMerge = try reader.read()
      case "trustDomain": trustDomain = try reader.read()
      case "trustDomainAliases": trustDomainAliases = try reader.readStrings()
      case "caCertificates": caCertificates = try reader.read()
      case "defaultServiceExportTo": defaultServiceExportTo = try reader.readStrings()
      case "defaultVirtualServiceExportTo": defaultVirtualServiceExportTo = try reader.readStrings()
      case "defaultDestinationRuleExportTo":
        defaultDestinationRuleExportTo = try reader.readStrings()
      case "rootNamespace": rootNamespace = try reader.read()
      case "localityLbSetting": localityLbSetting = try reader.read()
      case "dnsRefreshRate": dnsRefreshRate = try reader.read()
      case "h2UpgradePolicy": h2UpgradePolicy = try reader.read()
      case "extensionProviders": extensionProviders = try reader.read()
      case "defaultProviders": defaultProviders = try reader.read()
      case "discoverySelectors": discoverySelectors = try reader.read()
      case "pathNormalization": pathNormalization = try reader.read()
      case "defaultHttpRetryPolicy": defaultHttpRetryPolicy = try reader.read()
      case "meshMTLS": meshMTLS = try reader.read()
      case "tlsDefaults": tlsDefaults = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// The form of access-log lines.
package enum AccessLogEncoding: String, IstioEnum {
  /// Text.
  case text = "TEXT"
  /// JSON.
  case json = "JSON"
}

/// Whether HTTP/1.1 connections are made HTTP/2 where a rule does not say.
package enum MeshH2UpgradePolicy: String, IstioEnum {
  /// Never.
  case doNotUpgrade = "DO_NOT_UPGRADE"
  /// Always.
  case upgrade = "UPGRADE"
}

/// Where inbound traffic is sent to.
package enum InboundTrafficMode: String, IstioEnum {
  /// The address it came for.
  case passthrough = "PASSTHROUGH"
  /// The loopback address.
  case localhost = "LOCALHOST"
}

/// Where inbound traffic is sent to.
package struct InboundTrafficPolicy: Hashable, Sendable {
  /// PASSTHROUGH (pod IP) / LOCALHOST. Unset: pASSTHROUGH.
  package var mode: InboundTrafficMode

  /// Creates a value; what is left out is as if it were not written.
  package init(mode: InboundTrafficMode = .passthrough) {
    self.mode = mode
  }
}

extension InboundTrafficPolicy: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "mode": mode = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// How far request paths are normalized before policies see them.
package enum PathNormalization: String, IstioEnum {
  /// As `BASE`.
  case defaulted = "DEFAULT"
  /// Not at all.
  case none = "NONE"
  /// As RFC 3986 says.
  case base = "BASE"
  /// Adjacent slashes are merged too.
  case mergeSlashes = "MERGE_SLASHES"
  /// Encoded slashes are decoded too.
  case decodeAndMergeSlashes = "DECODE_AND_MERGE_SLASHES"
}

/// How far request paths are normalized.
package struct ProxyPathNormalization: Hashable, Sendable {
  /// NONE / BASE / MERGE_SLASHES / DECODE_AND_MERGE_SLASHES. Unset: dEFAULT (=BASE).
  package var normalization: PathNormalization

  /// Creates a value; what is left out is as if it were not written.
  package init(normalization: PathNormalization = .defaulted) {
    self.normalization = normalization
  }
}

extension ProxyPathNormalization: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "normalization": normalization = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// Names of the providers used where a Telemetry does not say.
package struct DefaultProviders: Hashable, Sendable {
  /// Tracing.
  package var tracing: [String]
  /// Metrics (chart sets prometheus).
  package var metrics: [String]
  /// Logging.
  package var accessLogging: [String]

  /// Creates a value; what is left out is as if it were not written.
  package init(tracing: [String] = [], metrics: [String] = [], accessLogging: [String] = []) {
    self.tracing = tracing
    self.metrics = metrics
    self.accessLogging = accessLogging
  }
}

extension DefaultProviders: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "tracing": tracing = try reader.readStrings()
      case "metrics": metrics = try reader.readStrings()
      case "accessLogging": accessLogging = try reader.readStrings()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// Parameters of TLS for the whole mesh.
package struct MeshTLSConfiguration: Hashable, Sendable {
  /// Minimum. Unset: tLS_AUTO (1.2).
  package var minProtocolVersion: TLSProtocolVersion
  /// Ciphers. Unset: 6 ECDHE/AES-GCM suites.
  package var cipherSuites: [String]
  /// Not supported here.
  package var ecdhCurves: [String]

  /// Creates a value; what is left out is as if it were not written.
  package init(
    minProtocolVersion: TLSProtocolVersion = .tlsAuto,
    cipherSuites: [String] = [],
    ecdhCurves: [String] = []
  ) {
    self.minProtocolVersion = minProtocolVersion
    self.cipherSuites = cipherSuites
    self.ecdhCurves = ecdhCurves
  }
}

extension MeshTLSConfiguration: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "minProtocolVersion": minProtocolVersion = try reader.read()
      case "cipherSuites": cipherSuites = try reader.readStrings()
      case "ecdhCurves": ecdhCurves = try reader.readStrings()
      default: try reader.skipUnknownField()
      }
    }
  }
}
