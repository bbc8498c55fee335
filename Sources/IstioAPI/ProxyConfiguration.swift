package import StreamingJSON

/// How a sidecar captures traffic.
package enum InterceptionMode: String, IstioEnum {
  /// With NAT.
  case redirect = "REDIRECT"
  /// Transparently.
  case tproxy = "TPROXY"
  /// Not at all.
  case none = "NONE"
}

/// What a proxy does with the `x-forwarded-client-cert` header.
package enum ForwardClientCertDetails: String, IstioEnum {
  /// As the kind of proxy does by default.
  case undefined = "UNDEFINED"
  /// It is removed.
  case sanitize = "SANITIZE"
  /// It is passed on over mutual TLS.
  case forwardOnly = "FORWARD_ONLY"
  /// The client is appended to it.
  case appendForward = "APPEND_FORWARD"
  /// The client replaces it.
  case sanitizeSet = "SANITIZE_SET"
  /// It is always passed on.
  case alwaysForwardOnly = "ALWAYS_FORWARD_ONLY"
}

/// Settings of one proxy: the default of the mesh, or the annotation `proxy.istio.io/config`.
package struct ProxyConfiguration: Hashable, Sendable {
  /// Where the bootstrap file is written. Unset: ./etc/istio/proxy.
  package var configPath: String
  /// Envoy binary. Unset: /usr/local/bin/envoy.
  package var binaryPath: String
  /// Node.cluster. Unset: istio-proxy.
  package var serviceCluster: String
  /// Hot-restart drain. Unset: 45s.
  package var drainDuration: IstioDuration
  /// Agent wait on SIGTERM. Unset: 5s.
  package var terminationDrainDuration: IstioDuration
  /// XDS address. Unset: istiod.istio-system.svc:15012.
  package var discoveryAddress: String
  /// Envoy admin. Unset: 15000.
  package var proxyAdminPort: Int32
  /// Worker threads (0 = all cores). Unset: auto.
  package var concurrency: Int32?
  /// REDIRECT / TPROXY / NONE. Unset: rEDIRECT.
  package var interceptionMode: InterceptionMode
  /// Env for proxy; ISTIO_META_* become node metadata (merged per key).
  package var proxyMetadata: [String: String]
  /// Agent status port. Unset: 15020.
  package var statusPort: Int32
  /// Stat name cap. Unset: 189.
  package var statNameLength: Int32
  /// Trust of XFF/XFCC/PROXY at gateways.
  package var gatewayTopology: Topology?
  /// Extra Envoy stats. Unset: small built-in set.
  package var proxyStatsMatcher: ProxyStatsMatcher?
  /// Order containers.
  package var holdApplicationUntilProxyStarts: Bool?
  /// Legacy tracing.
  package var tracing: JSONValue?

  /// Creates a value; what is left out is as if it were not written.
  package init(
    configPath: String = "./etc/istio/proxy",
    binaryPath: String = "/usr/local/bin/envoy",
    serviceCluster: String = "istio-proxy",
    drainDuration: IstioDuration = IstioDuration(seconds: 45),
    terminationDrainDuration: IstioDuration = IstioDuration(seconds: 5),
    discoveryAddress: String = "istiod.istio-system.svc:15012",
    proxyAdminPort: Int32 = 15_000,
    concurrency: Int32? = nil,
    interceptionMode: InterceptionMode = .redirect,
    proxyMetadata: [String: String] = [:],
    statusPort: Int32 = 15_020,
    statNameLength: Int32 = 189,
    gatewayTopology: Topology? = nil,
    proxyStatsMatcher: ProxyStatsMatcher? = nil,
    holdApplicationUntilProxyStarts: Bool? = nil,
    tracing: JSONValue? = nil
  ) {
    self.configPath = configPath
    self.binaryPath = binaryPath
    self.serviceCluster = serviceCluster
    self.drainDuration = drainDuration
    self.terminationDrainDuration = terminationDrainDuration
    self.discoveryAddress = discoveryAddress
    self.proxyAdminPort = proxyAdminPort
    self.concurrency = concurrency
    self.interceptionMode = interceptionMode
    self.proxyMetadata = proxyMetadata
    self.statusPort = statusPort
    self.statNameLength = statNameLength
    self.gatewayTopology = gatewayTopology
    self.proxyStatsMatcher = proxyStatsMatcher
    self.holdApplicationUntilProxyStarts = holdApplicationUntilProxyStarts
    self.tracing = tracing
  }
}

extension ProxyConfiguration: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "configPath": configPath = try reader.read()
      case "binaryPath": binaryPath = try reader.read()
      case "serviceCluster": serviceCluster = try reader.read()
      case "drainDuration": drainDuration = try reader.read()
      case "terminationDrainDuration": terminationDrainDuration = try reader.read()
      case "discoveryAddress": discoveryAddress = try reader.read()
      case "proxyAdminPort": proxyAdminPort = try reader.read()
      case "concurrency": concurrency = try reader.read()
      case "interceptionMode": interceptionMode = try reader.read()
      case "proxyMetadata": proxyMetadata = try reader.readStringMap()
      case "statusPort": statusPort = try reader.read()
      case "statNameLength": statNameLength = try reader.read()
      case "gatewayTopology": gatewayTopology = try reader.read()
      case "proxyStatsMatcher": proxyStatsMatcher = try reader.read()
      case "holdApplicationUntilProxyStarts": holdApplicationUntilProxyStarts = try reader.read()
      case "tracing": tracing = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// What a gateway trusts of the hops before it.
package struct Topology: Hashable, Sendable {
  /// Trusted hops.
  package var numTrustedProxies: UInt32
  /// XFCC mode. Unset: sANITIZE_SET (gateways).
  package var forwardClientCertDetails: ForwardClientCertDetails

  /// Creates a value; what is left out is as if it were not written.
  package init(
    numTrustedProxies: UInt32 = 0,
    forwardClientCertDetails: ForwardClientCertDetails = .undefined
  ) {
    self.numTrustedProxies = numTrustedProxies
    self.forwardClientCertDetails = forwardClientCertDetails
  }
}

extension Topology: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "numTrustedProxies": numTrustedProxies = try reader.read()
      case "forwardClientCertDetails": forwardClientCertDetails = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// Envoy statistics kept beyond the built-in set.
package struct ProxyStatsMatcher: Hashable, Sendable {
  /// Prefix / suffix / regex inclusion.
  package var inclusionPrefixes: [String]
  /// Prefix / suffix / regex inclusion.
  package var inclusionSuffixes: [String]
  /// Prefix / suffix / regex inclusion.
  package var inclusionRegexps: [String]

  /// Creates a value; what is left out is as if it were not written.
  package init(
    inclusionPrefixes: [String] = [],
    inclusionSuffixes: [String] = [],
    inclusionRegexps: [String] = []
  ) {
    self.inclusionPrefixes = inclusionPrefixes
    self.inclusionSuffixes = inclusionSuffixes
    self.inclusionRegexps = inclusionRegexps
  }
}

extension ProxyStatsMatcher: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "inclusionPrefixes": inclusionPrefixes = try reader.readStrings()
      case "inclusionSuffixes": inclusionSuffixes = try reader.readStrings()
      case "inclusionRegexps": inclusionRegexps = try reader.readStrings()
      default: try reader.skipUnknownField()
      }
    }
  }
}
