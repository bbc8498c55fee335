import KubernetesAPI
import MeshIngest
import MeshModel
import MeshTesting
import Synchronization
import Testing

/// Endpoints of what is not there any more.
@Suite struct GhostEndpointTests {
  private static let web = ServiceID(hostname: "web.shop.svc.cluster.local", namespace: "shop")

  private static func service(_ spec: String = "") -> String {
    """
    apiVersion: v1
    kind: Service
    metadata: {name: web, namespace: shop}
    spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]\(spec)}
    """
  }

  private static func pod(_ name: String, uid: String, ip: String) -> String {
    """
    apiVersion: v1
    kind: Pod
    metadata:
      name: \(name)
      namespace: shop
      uid: u\(uid)
      labels: {app: web, security.istio.io/tlsMode: istio}
    spec: {serviceAccountName: web, nodeName: n1, containers: []}
    status: {phase: Running, podIP: \(ip)}
    """
  }

  private static func slice(_ endpoints: [(pod: String, uid: String, ip: String)]) -> String {
    let list = endpoints.map { endpoint in
      "{addresses: [\(endpoint.ip)], conditions: {ready: true}, targetRef: "
        + "{kind: Pod, name: \(endpoint.pod), namespace: shop, uid: u\(endpoint.uid)}}"
    }
    return """
      apiVersion: discovery.k8s.io/v1
      kind: EndpointSlice
      metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
      addressType: IPv4
      ports: [{name: http, port: 8080}]
      endpoints: [\(list.joined(separator: ", "))]
      """
  }

  private static func endpoints(_ mesh: MeshDocuments) -> [MeshEndpoint] {
    var reader = SnapshotReader(mesh.snapshot)
    return reader.endpoints(web)
  }

  @Test func `An endpoint waits for its pod, and those before it stay until then`() throws {
    let mesh = try MeshDocuments(Self.service())
    try mesh.apply(Self.slice([("a", "1", "10.0.0.1")]))
    #expect(Self.endpoints(mesh).isEmpty)
    try mesh.apply(Self.pod("a", uid: "1", ip: "10.0.0.1"))
    #expect(Self.endpoints(mesh).map(\.address) == ["10.0.0.1"])
    #expect(!Self.endpoints(mesh).map(\.acceptsMutualTLS).contains(false))
    // Another pod takes its place, and the slice is faster than the pod.
    try mesh.apply(Self.slice([("b", "2", "10.0.0.2")]))
    #expect(Self.endpoints(mesh).map(\.address) == ["10.0.0.1"])
    try mesh.apply(Self.pod("b", uid: "2", ip: "10.0.0.2"))
    #expect(Self.endpoints(mesh).map(\.address) == ["10.0.0.2"])
    #expect(!Self.endpoints(mesh).map(\.acceptsMutualTLS).contains(false))
  }

  @Test func `A pod of the same name with another identity is another pod`() throws {
    let mesh = try MeshDocuments(Self.service())
    try mesh.apply(Self.pod("a", uid: "1", ip: "10.0.0.1"))
    try mesh.apply(Self.slice([("a", "1", "10.0.0.1")]))
    #expect(Self.endpoints(mesh).map(\.address) == ["10.0.0.1"])
    try mesh.apply(Self.pod("a", uid: "2", ip: "10.0.0.9"))
    #expect(Self.endpoints(mesh).isEmpty)
    try mesh.apply(Self.slice([("a", "2", "10.0.0.9")]))
    #expect(Self.endpoints(mesh).map(\.address) == ["10.0.0.9"])
  }

  @Test func `Events that come twice or late, and the end of a namespace, leave nothing behind`()
    throws
  {
    let mesh = try MeshDocuments(Self.service())
    let sizes = mesh.ingest.indexSizes
    let key = ObjectKey(namespace: "shop", name: "web")
    for _ in 0..<2 {
      try mesh.apply(Self.pod("a", uid: "1", ip: "10.0.0.1"))
      try mesh.apply(Self.slice([("a", "1", "10.0.0.1")]))
    }
    #expect(Self.endpoints(mesh).count == 1)
    mesh.ingest.apply([.deleted(.services, key)])
    #expect(Self.endpoints(mesh).isEmpty)
    // The slice of a service that is gone is replayed.
    try mesh.apply(Self.slice([("a", "1", "10.0.0.1")]))
    #expect(Self.endpoints(mesh).isEmpty)
    for _ in 0..<2 {
      mesh.ingest.apply([
        .deleted(.endpointSlices, ObjectKey(namespace: "shop", name: "web-1")),
        .deleted(.pods, ObjectKey(namespace: "shop", name: "a")),
      ])
    }
    try mesh.apply(Self.service())
    #expect(Self.endpoints(mesh).isEmpty)
    #expect(mesh.ingest.indexSizes == sizes)
  }

  @Test func `Namespaces that no selector picks are not of the mesh`() throws {
    let listings = Mutex(0)
    let mesh = MeshDocuments(needsListing: { listings.withLock { $0 += 1 } })
    try mesh.apply(
      """
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: istio, namespace: istio-system}
      data: {mesh: "discoverySelectors: [{matchLabels: {mesh: 'on'}}]"}
      """)
    func namespace(_ labels: String) throws {
      try mesh.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {\(labels)}}")
    }
    func isThere() -> Bool {
      var reader = SnapshotReader(mesh.snapshot)
      return reader.service(Self.web) != nil
    }
    try namespace("")
    let sizes = mesh.ingest.indexSizes
    try mesh.apply(Self.service())
    #expect(!isThere())
    // What is deleted, or missing in a list, while nobody looks does not come back.
    mesh.ingest.apply([.deleted(.services, ObjectKey(namespace: "shop", name: "web"))])
    #expect(mesh.ingest.indexSizes == sizes)
    try mesh.apply(Self.service())
    mesh.ingest.apply([.listed(.services, [])])
    #expect(mesh.ingest.indexSizes == sizes)
    try mesh.apply(Self.service())
    // It brings its objects with it when it joins.
    try namespace("mesh: 'on'")
    #expect(isThere())
    #expect(listings.withLock(\.self) == 0)
    try namespace("mesh: 'off'")
    #expect(!isThere())
    // What it had when it left is asked for again; here it comes.
    try namespace("mesh: 'on'")
    #expect(listings.withLock(\.self) == 1)
    try mesh.apply(Self.service())
    #expect(isThere())
  }

  @Test func `Where traffic may go is the service's word`() throws {
    let mesh = try MeshDocuments(
      Self.service(", internalTrafficPolicy: Local, trafficDistribution: PreferClose"))
    func found() -> (service: MeshService?, isNodeAware: Bool) {
      var reader = SnapshotReader(mesh.snapshot)
      return (reader.service(Self.web), reader.hasNodeAwareServices())
    }
    #expect(found().service?.isNodeLocal == true)
    #expect(found().service?.distribution == .preferSameZone)
    #expect(found().isNodeAware == true)
    try mesh.apply(Self.service(", trafficDistribution: PreferSameNode"))
    #expect(found().service?.distribution == .preferSameNode)
    #expect(found().isNodeAware == true)
    try mesh.apply(Self.service(", trafficDistribution: PreferClose"))
    #expect(found().isNodeAware == false)
  }
}
