import EnvoyTranslation
import MeshTesting
import Testing
import XDSProtocol

/// What an edit costs a gateway does not depend on how much else is bound to it.
struct GatewayScaleTests {
  private static let gateway = """
    apiVersion: networking.istio.io/v1
    kind: Gateway
    metadata: {name: shared, namespace: default}
    spec:
      selector: {app: gw}
      servers:
      - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*.example.org"]}
    """

  private static func route(_ index: Int, host: String? = nil, timeout: Int = 1) -> String {
    """
    ---
    apiVersion: networking.istio.io/v1
    kind: VirtualService
    metadata: {name: vs-\(index), namespace: default}
    spec:
      hosts: [\(host ?? "host-\(index).example.org")]
      gateways: [shared]
      http: [{timeout: \(timeout)s, route: [{destination: {host: svc}}]}]

    """
  }

  private static func update(_ translation: MeshTranslation, _ mesh: MeshDocuments) {
    guard let (snapshot, changes) = mesh.store.takeChanges() else { return }
    translation.update(to: snapshot, changes)
  }

  @Test("An edit of a virtual service plans its own host again", arguments: [10, 200])
  func edit(count: Int) async throws {
    let mesh = try MeshDocuments(Self.gateway + "\n" + (0..<count).map { Self.route($0) }.joined())
    _ = mesh.store.takeChanges()
    let translation = MeshTranslation(snapshot: mesh.snapshot)
    let proxy = await translation.open(
      try ProxyNodes.node(
        type: "router", name: "gw", namespace: "default", address: "10.0.0.3",
        labels: ["app": "gw"])
    ) {}
    let before = proxy.current()
    #expect(before.all(.virtualHost).count == count)
    let planned = translation.counters.plannedUnits

    try mesh.apply(Self.route(3, timeout: 2))
    Self.update(translation, mesh)
    let edited = proxy.current()
    #expect(
      proxy.changes(from: before, to: edited).map(\.name)
        == ["http.80/host-3.example.org:80"])
    // The virtual host, and the clusters and endpoints that a host of that name would have.
    #expect(translation.counters.plannedUnits - planned <= 3)

    try mesh.apply(Self.route(3, host: "other.example.org"))
    Self.update(translation, mesh)
    #expect(
      Set(proxy.changes(from: edited, to: proxy.current()).map(\.name))
        == ["http.80/host-3.example.org:80", "http.80/other.example.org:80"])
  }
}
