package import MeshModel
internal import XDSProtocol

/// What decides a proxy's configuration, split so that as many proxies as possible share each part.
package struct ProxyScope: Hashable, Sendable {
  package var parts: [ViewKey]
}

/// Names a view: proxies with equal keys share its resources.
package struct ViewKey: Hashable, Sendable {
  package var family: ViewFamily
  package var viewer: Viewer
}

/// Views that differ in their viewer only; they share the plans that come out equal.
package enum ViewFamily: Hashable, Sendable {
  case outbound(OutboundScope)
  case endpoints(EndpointsScope)
  case inbound(InboundScope)
  case gateway(GatewayScope)

  var isGateway: Bool {
    if case .gateway = self { true } else { false }
  }

  /// Whether the family has the endpoints of other families' clusters.
  var hasEndpoints: Bool {
    if case .endpoints = self { true } else { false }
  }
}

/// What the outbound side of a sidecar depends on, besides its ``Viewer``.
package struct OutboundScope: Hashable, Sendable {
  /// What follows the namespace in the domain that short host names are completed with, such as
  /// `.svc.cluster.local`; empty where no host has a short name.
  package var searchSuffix: String
  /// The Sidecar that applies.
  package var sidecar: ConfigKey?
  package var interception: Interception
  package var dialect: Dialect
  /// Whether virtual hosts are resources of their own.
  package var discoversVirtualHosts: Bool
  /// Whether Envoy finds the transport socket of an endpoint by its locality's metadata too.
  package var marksLocalities: Bool
  /// Whether clusters and endpoints carry what only Istio's telemetry reads.
  package var carriesTelemetry: Bool
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

/// What the endpoints of a sidecar's or a gateway's clusters depend on, besides their ``Viewer``.
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

/// What a gateway's configuration depends on, besides its ``Viewer``.
package struct GatewayScope: Hashable, Sendable {
  package var outbound: OutboundScope
  package var labels: [String: String]
  package var namedPorts: [String: UInt32]
  /// The namespace whose secrets the gateway may have: its own, once its identity proves it.
  package var secretsNamespace: String?
}
