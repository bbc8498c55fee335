package import MeshTesting
package import XDSProtocol

/// The cases of istiod's own benchmarks that the product has the features for, with its sizes.
package enum IstiodCase: String, CaseIterable, Sendable {
  case gateways
  case gatewaysShared = "gateways-shared"
  case http
  case tcp
  case tls
  case auto
  case strict
  case disabled
  case externalName = "externalname"
  case virtualService = "virtualservice"
  case workloadEntries = "serviceentry-workloadentry"
  case secretsTen = "secrets 10"
  case secretsThousand = "secrets 1000"

  /// The node that istiod's harness plays.
  package func node() throws -> ProxyNode {
    let isRouter =
      switch self {
      case .gateways, .gatewaysShared, .secretsTen, .secretsThousand: true
      default: false
      }
    var node = try ProxyNodes.node(
      type: isRouter ? "router" : "sidecar", name: "v0", address: "1.1.1.1",
      labels: ["istio.io/benchmark": "true"], isDelta: false, extensions: ["istio.alpn"],
      metadata: ["ISTIO_VERSION": "1.26.0"])
    // Without an identity a gateway is given no secrets.
    node.verifiedIdentity = "spiffe://cluster.local/ns/default/sa/default"
    return node
  }

  /// The case's objects.
  package func documents() throws -> MeshDocuments { try MeshDocuments(yaml) }

  private var yaml: String {
    let own = IstiodObjects.ownService
    return switch self {
    case .gateways: own + (0..<1000).map(IstiodObjects.gateway).joined()
    case .gatewaysShared:
      own + IstiodObjects.sharedGateway
        + (0..<1000).map(IstiodObjects.serviceOfSharedGateway).joined()
    case .http: own + IstiodObjects.services(100, protocol: "HTTP", port: 80)
    case .tcp: own + IstiodObjects.services(100, protocol: "TCP", port: 7070)
    case .tls: own + IstiodObjects.services(100, protocol: "TLS", port: 7070)
    case .auto: own + IstiodObjects.services(100, protocol: "", port: 7070)
    case .strict: IstiodObjects.ownServiceOfFourPorts + IstiodObjects.policy("STRICT")
    case .disabled: IstiodObjects.ownServiceOfFourPorts + IstiodObjects.policy("DISABLE")
    case .externalName: own + (0..<100).map(IstiodObjects.externalName).joined()
    case .virtualService:
      own + IstiodObjects.services(100, protocol: "HTTP", port: 80)
        + (0..<100).map(IstiodObjects.virtualService).joined()
    case .workloadEntries:
      own + (0..<100).map(IstiodObjects.selectingEntry).joined()
        + (0..<1000).map(IstiodObjects.workloadEntry).joined()
    case .secretsTen: IstiodObjects.secrets(10)
    case .secretsThousand: IstiodObjects.secrets(1000)
    }
  }
}
