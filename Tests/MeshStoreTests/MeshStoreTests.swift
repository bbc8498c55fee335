import MeshModel
import MeshStore
import MeshTesting
import Testing

@Suite struct MeshStoreTests {
  private static func service(_ port: Int) -> String {
    """
    apiVersion: v1
    kind: Service
    metadata: {name: web, namespace: default}
    spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: \(port)}]}
    """
  }
  private static let id = ServiceID(
    hostname: "web.default.svc.cluster.local", namespace: "default")

  @Test func `Changes are taken once, and what came meanwhile is taken together`() throws {
    let mesh = try MeshDocuments(Self.service(80))
    let first = try #require(mesh.store.takeChanges())
    #expect(first.changes.contains(.service(Self.id)))
    #expect(mesh.store.takeChanges() == nil)
    try mesh.apply(Self.service(81))
    try mesh.apply(Self.service(82))
    let second = try #require(mesh.store.takeChanges())
    #expect(second.changes.isSuperset(of: [.service(Self.id), .servicesOnPort(80)]))
    #expect(second.changes.isSuperset(of: [.servicesOnPort(81), .servicesOnPort(82)]))
    #expect(second.snapshot.revision == mesh.snapshot.revision)
  }

  @Test func `Equal values change nothing`() throws {
    let mesh = try MeshDocuments(Self.service(80))
    _ = mesh.store.takeChanges()
    try mesh.apply(Self.service(80))
    #expect(mesh.store.takeChanges() == nil)
  }

  @Test func `Endpoints come and go without a new revision of the configuration`() throws {
    let mesh = try MeshDocuments(Self.service(80))
    func counts() -> [UInt64] {
      [mesh.snapshot.configurationRevision, mesh.ingest.configurationRevision]
    }
    let before = counts()
    try mesh.apply(
      """
      apiVersion: discovery.k8s.io/v1
      kind: EndpointSlice
      metadata: {name: web, namespace: default, labels: {kubernetes.io/service-name: web}}
      addressType: IPv4
      ports: [{name: http, port: 8080}]
      endpoints: [{addresses: [10.0.0.1]}]
      """)
    #expect(mesh.store.takeChanges()?.changes.contains(.endpoints(Self.id)) == true)
    #expect(counts() == before)
    try mesh.apply(
      """
      apiVersion: networking.istio.io/v1
      kind: VirtualService
      metadata: {name: web, namespace: default}
      spec: {hosts: [web], http: [{route: [{destination: {host: web}}]}]}
      """)
    #expect(zip(counts(), before).allSatisfy { $0 > $1 })
  }

  @Test func `A snapshot that was taken is not changed by later updates`() throws {
    let mesh = try MeshDocuments(Self.service(80))
    let before = mesh.snapshot
    try mesh.delete(Self.service(80))
    var reader = SnapshotReader(before)
    #expect(reader.service(Self.id)?.ports.map(\.number) == [80])
    reader = SnapshotReader(mesh.snapshot)
    #expect(reader.service(Self.id) == nil)
  }

  @Test func `Deleted secrets are remembered, but not without bound`() {
    let store = MeshStore()
    func key(_ index: Int) -> ConfigKey {
      ConfigKey(.secret, namespace: "default", name: "secret-\(index)")
    }
    for index in 0..<1500 {
      store.apply([.secret(key(index), .init(roots: [1])), .secret(key(index), nil)])
    }
    var reader = SnapshotReader(store.snapshot)
    #expect(reader.secret(key(0)) == nil)
    #expect(reader.secret(key(499)) == nil)
    #expect(reader.secret(key(500)) == .withdrawn)
    #expect(reader.secret(key(1499)) == .withdrawn)
  }
}
