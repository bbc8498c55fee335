package import MeshModel
internal import XDSProtocol

/// What decides a proxy's configuration, split so that as many proxies as possible share each part.
package struct ProxyScope: Hashable, Sendable {
  package var parts: [ViewKey]
}

/// Names a view: proxies with equal keys share its planning, its resources and their bytes.
package enum ViewKey: Hashable, Sendable {
  case outbound(OutboundScope)
  case endpoints(EndpointsScope)
  case inbound(InboundScope)
  case gateway(GatewayScope)
}

/// What the outbound side of a sidecar depends on.
package struct OutboundScope: Hashable, Sendable {
  package var namespace: String
  /// The domain that short host names are completed with, such as `default.svc.cluster.local`.
  package var dnsDomain: String
  /// The workload's labels, as far as configuration selects by them.
  package var labels: [String: String]
  /// The Sidecar that applies.
  package var sidecar: ConfigKey?
  package var interception: Interception
  package var dialect: Dialect
  /// Whether virtual hosts are resources of their own.
  package var discoversVirtualHosts: Bool
  package var isIPv6: Bool
  package var clusterID: String
  package var meshID: String

  /// How connections of the application reach the proxy.
  package enum Interception: String, Hashable, Sendable {
    case redirect = "REDIRECT"
    case tproxy = "TPROXY"
    /// The application connects to the proxy itself.
    case none = "NONE"
  }

  var wildcardAddress: String { isIPv6 ? "::" : "0.0.0.0" }
  var loopbackAddress: String { isIPv6 ? "::1" : "127.0.0.1" }
  var passthroughBindAddress: String { isIPv6 ? "::6" : "127.0.0.6" }
}

/// What the endpoints of a sidecar's or a gateway's clusters depend on.
package struct EndpointsScope: Hashable, Sendable {
  package var outbound: OutboundScope
  package var locality: EndpointLocality
  package var isGateway: Bool
}

/// What the inbound side of a sidecar depends on.
package struct InboundScope: Hashable, Sendable {
  package var namespace: String
  package var labels: [String: String]
  package var addresses: [String]
  package var sidecar: ConfigKey?
  package var interception: OutboundScope.Interception
  package var dialect: Dialect
  package var isIPv6: Bool
  package var clusterID: String
  package var meshID: String
  package var namedPorts: [String: UInt32]
  /// The services of service entries that list one of the addresses.
  package var selectedServices: [ServiceID]
}

/// What a gateway's configuration depends on.
package struct GatewayScope: Hashable, Sendable {
  package var outbound: OutboundScope
  package var labels: [String: String]
  package var namedPorts: [String: UInt32]
  /// The namespace whose secrets the gateway may have: its own, once its identity proves it.
  package var secretsNamespace: String?
}
