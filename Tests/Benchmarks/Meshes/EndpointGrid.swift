package import MeshTesting

/// istiod's grid of services and endpoints, with its three policies of mutual TLS. Its gateways between
/// networks are left out: the product has none.
package struct EndpointGrid: Hashable, Sendable {
  package var endpoints: Int
  package var services: Int

  /// The sizes that istiod measures.
  package static let all = [(1, 100), (10, 10), (100, 10), (1000, 1)].map {
    EndpointGrid(endpoints: $0.0, services: $0.1)
  }

  package func documents() throws -> MeshDocuments {
    try MeshDocuments(policies + (0..<services).map(entry).joined())
  }

  private func entry(_ index: Int) -> String {
    let list = (0..<endpoints).map {
      "  - {address: 10.\($0 >> 8).\($0 & 255).\(index + 1), network: network-\($0 % 4)}"
    }
    return """
      ---
      apiVersion: networking.istio.io/v1
      kind: ServiceEntry
      metadata: {name: foo-\(index)}
      spec:
        hosts: [foo-\(index).com]
        ports: [{number: 80, name: http, protocol: HTTP}]
        resolution: STATIC
        endpoints:
      \(list.joined(separator: "\n"))

      """
  }

  private let policies = """
    ---
    apiVersion: security.istio.io/v1
    kind: PeerAuthentication
    metadata: {name: mesh, namespace: istio-system}
    spec: {mtls: {mode: PERMISSIVE}}
    ---
    apiVersion: security.istio.io/v1
    kind: PeerAuthentication
    metadata: {name: namespace}
    spec: {mtls: {mode: DISABLE}}
    ---
    apiVersion: security.istio.io/v1
    kind: PeerAuthentication
    metadata: {name: selector}
    spec: {selector: {matchLabels: {app: foo}}, mtls: {mode: DISABLE}}

    """

  private init(endpoints: Int, services: Int) {
    self.endpoints = endpoints
    self.services = services
  }
}
