import KubernetesAPI
import MeshIngest
import MeshModel
import MeshTesting
import Testing

/// Hosts that several objects have.
@Suite struct ServiceEntryTests {
  private static let api = ServiceID(hostname: "api.example.com", namespace: "shop")
  private static let web = ServiceID(hostname: "web.shop.svc.cluster.local", namespace: "shop")

  private static func entry(
    _ name: String, _ host: String, age: Int, address: String, ports: String = "http",
    resolution: String = "STATIC"
  ) -> String {
    """
    apiVersion: networking.istio.io/v1
    kind: ServiceEntry
    metadata: {name: \(name), namespace: shop, creationTimestamp: "2026-01-0\(age)T00:00:00Z"}
    spec:
      hosts: [\(host)]
      ports: [{number: 80, name: \(ports), protocol: HTTP}]
      resolution: \(resolution)
      endpoints: [{address: \(address)}]
    """
  }

  private static let service = """
    apiVersion: v1
    kind: Service
    metadata: {name: web, namespace: shop}
    spec: {clusterIP: 10.96.0.1, ports: [{name: grpc, port: 7}]}
    """

  private static func found(
    _ mesh: MeshDocuments, _ id: ServiceID
  ) -> (service: MeshService?, addresses: [String]) {
    var reader = SnapshotReader(mesh.snapshot)
    return (reader.service(id), reader.endpoints(id).map(\.address))
  }

  @Test func `A host stays while one of its entries does`() throws {
    let (old, new) = (
      Self.entry("old", "api.example.com", age: 1, address: "10.0.0.1", ports: "http-old"),
      Self.entry("new", "API.example.com", age: 2, address: "10.0.0.2", ports: "http-new")
    )
    let mesh = MeshDocuments()
    let sizes = mesh.ingest.indexSizes
    try mesh.apply(new)
    #expect(Self.found(mesh, Self.api).addresses == ["10.0.0.2"])
    #expect(Self.found(mesh, Self.api).service?.ports.map(\.name) == ["http-new"])
    // The older one says what the host is, both say where.
    try mesh.apply(old)
    #expect(Self.found(mesh, Self.api).addresses == ["10.0.0.1", "10.0.0.2"])
    #expect(Self.found(mesh, Self.api).service?.ports.map(\.name) == ["http-old"])
    // Renamed: what is gone takes nothing of what came in its place.
    try mesh.delete(old)
    #expect(Self.found(mesh, Self.api).addresses == ["10.0.0.2"])
    #expect(Self.found(mesh, Self.api).service?.ports.map(\.name) == ["http-new"])
    // An entry that gives up the host does the same as one that ends.
    try mesh.apply(old)
    try mesh.apply(Self.entry("old", "other.example.com", age: 1, address: "10.0.0.1"))
    #expect(Self.found(mesh, Self.api).addresses == ["10.0.0.2"])
    try mesh.delete(new)
    #expect(Self.found(mesh, Self.api).service == nil)
    #expect(Self.found(mesh, Self.api).addresses == [])
    try mesh.delete(old)
    #expect(mesh.ingest.indexSizes == sizes)
  }

  @Test(arguments: [
    ("STATIC", "10.0.0.1", "DNS", "b.example"), ("DNS", "a.example", "STATIC", "10.0.0.2"),
    ("DNS_ROUND_ROBIN", "a.example", "DNS_ROUND_ROBIN", "b.example"),
    ("DNS", "a.example", "DNS_ROUND_ROBIN", "b.example"),
  ])
  func `Endpoints that cannot be in one cluster are not put there`(
    old: String, oldAddress: String, new: String, newAddress: String
  ) throws {
    let mesh = MeshDocuments()
    let first = Self.entry(
      "old", "api.example.com", age: 1, address: oldAddress, resolution: old)
    try mesh.apply(first)
    try mesh.apply(
      Self.entry("new", "api.example.com", age: 2, address: newAddress, resolution: new))
    #expect(Self.found(mesh, Self.api).addresses == [oldAddress])
    try mesh.delete(first)
    #expect(Self.found(mesh, Self.api).addresses == [newAddress])
  }

  @Test(arguments: [false, true])
  func `A Kubernetes Service comes before an entry of its host`(isServiceFirst: Bool) throws {
    let entry = Self.entry(
      "squatter", "web.shop.svc.cluster.local", age: 1, address: "10.0.0.9")
    let mesh = MeshDocuments()
    try mesh.apply(isServiceFirst ? Self.service : entry)
    try mesh.apply(isServiceFirst ? entry : Self.service)
    #expect(Self.found(mesh, Self.web).service?.source == .kubernetes)
    #expect(Self.found(mesh, Self.web).addresses == [])
    try mesh.delete(entry)
    #expect(Self.found(mesh, Self.web).service?.source == .kubernetes)
    try mesh.apply(entry)
    try mesh.delete(Self.service)
    #expect(Self.found(mesh, Self.web).service?.source == .serviceEntry)
    #expect(Self.found(mesh, Self.web).addresses == ["10.0.0.9"])
    try mesh.delete(entry)
    #expect(Self.found(mesh, Self.web).service == nil)
  }

  @Test func `A revision follows its own mesh configuration`() throws {
    let mesh = MeshDocuments(meshConfigMap: "istio-canary")
    func configure(_ name: String, _ domain: String) throws {
      try mesh.apply(
        """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: \(name), namespace: istio-system}
        data: {mesh: "trustDomain: \(domain)"}
        """)
    }
    func domain() -> String {
      var reader = SnapshotReader(mesh.snapshot)
      return reader.meshConfig().trustDomain
    }
    try configure("istio-canary", "own.example")
    try configure("istio", "other.example")
    #expect(domain() == "own.example")
  }
}
