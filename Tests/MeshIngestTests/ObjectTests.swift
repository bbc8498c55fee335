import KubernetesAPI
import MeshIngest
import MeshModel
import MeshTesting
import Testing

@Suite struct ObjectTests {
  static let web = ServiceID(hostname: "web.default.svc.cluster.local", namespace: "default")

  static func service(port: Int, annotation: String = "", clusterIP: String = "10.96.0.1") -> String
  {
    """
    apiVersion: v1
    kind: Service
    metadata: {name: web, namespace: default, annotations: {note: "\(annotation)"}}
    spec: {clusterIP: \(clusterIP), selector: {app: web}, ports: [{name: http, port: \(port)}]}
    """
  }

  static func slice(addresses: [String]) -> String {
    """
    apiVersion: discovery.k8s.io/v1
    kind: EndpointSlice
    metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
    addressType: IPv4
    ports: [{name: http, port: 8080}]
    endpoints: [{addresses: [\(addresses.joined(separator: ", "))]}]
    """
  }

  private static func addresses(_ mesh: MeshDocuments) -> [String] {
    var reader = SnapshotReader(mesh.snapshot)
    return reader.endpoints(web).map(\.address)
  }

  @Test func `An edit that no generator reads changes nothing`() throws {
    let mesh = try MeshDocuments(Self.service(port: 80))
    let revision = mesh.snapshot.revision
    try mesh.apply(Self.service(port: 80, annotation: "other"))
    #expect(mesh.snapshot.revision == revision)
    try mesh.apply(Self.service(port: 81, annotation: "other"))
    #expect(mesh.snapshot.revision > revision)
  }

  @Test func `Endpoints are joined when all the lists that were awaited have come`() throws {
    let mesh = MeshDocuments(awaiting: [.services, .endpointSlices])
    try mesh.apply(Self.service(port: 80))
    mesh.ingest.apply([.listed(.services, [ObjectKey(namespace: "default", name: "web")])])
    try mesh.apply(Self.slice(addresses: ["10.0.0.1"]))
    #expect(Self.addresses(mesh).isEmpty)
    mesh.ingest.apply([.listed(.endpointSlices, [ObjectKey(namespace: "default", name: "web-1")])])
    #expect(Self.addresses(mesh) == ["10.0.0.1"])
    try mesh.apply(Self.slice(addresses: ["10.0.0.2"]))
    #expect(Self.addresses(mesh) == ["10.0.0.2"])
  }

  @Test func `Endpoints join a service in either order and end with it`() throws {
    let mesh = try MeshDocuments(Self.slice(addresses: ["10.0.0.1"]))
    #expect(Self.addresses(mesh).isEmpty)
    try mesh.apply(Self.service(port: 80))
    #expect(Self.addresses(mesh) == ["10.0.0.1"])
    try mesh.apply(Self.slice(addresses: ["10.0.0.2"]))
    #expect(Self.addresses(mesh) == ["10.0.0.2"])
    try mesh.delete(Self.service(port: 80))
    #expect(Self.addresses(mesh).isEmpty)
    try mesh.apply(Self.service(port: 80))
    #expect(Self.addresses(mesh) == ["10.0.0.2"])
    try mesh.delete(Self.slice(addresses: []))
    #expect(Self.addresses(mesh).isEmpty)
  }

  @Test func `A bad object is named with its field and harms nothing else`() throws {
    let mesh = try MeshDocuments(Self.rule(weight: 30))
    let good = mesh.snapshot.revision
    try mesh.apply(Self.rule(weight: -1))
    #expect(mesh.snapshot.revision == good)
    let report = try #require(mesh.ingest.reports.first)
    #expect(report.isRejected && "\(report.subject)" == "VirtualService/default/web")
    #expect(report.issues.contains { $0.path.hasPrefix("spec.http[0].route[0].weight") })
    try mesh.apply(Self.rule(weight: 40))
    #expect(mesh.snapshot.revision > good && mesh.ingest.reports.isEmpty)
  }

  private static func rule(weight: Int) -> String {
    """
    apiVersion: networking.istio.io/v1
    kind: VirtualService
    metadata: {name: web, namespace: default}
    spec:
      hosts: [web]
      http: [{route: [{destination: {host: web}, weight: \(weight)}, {destination: {host: b}, weight: 70}]}]
    """
  }
}
