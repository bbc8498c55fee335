import MeshIngest
import MeshModel
import MeshTesting
import Testing

@Suite struct WorkloadTests {
  private static let entry = ServiceID(hostname: "vm.example.com", namespace: "default")

  private static func pod(
    _ name: String = "a", label: String = "vm", address: String = "10.0.0.1", note: String = ""
  ) -> String {
    """
    apiVersion: v1
    kind: Pod
    metadata: {name: \(name), namespace: default, labels: {app: \(label)}, annotations: {n: "\(note)"}}
    spec: {serviceAccountName: vm}
    status: {phase: Running, podIP: \(address)}
    """
  }

  private static func entry(selector: String) -> String {
    """
    apiVersion: networking.istio.io/v1
    kind: ServiceEntry
    metadata: {name: vm, namespace: default}
    spec:
      hosts: [vm.example.com]
      resolution: STATIC
      ports: [{number: 80, name: http, protocol: HTTP}]
      \(selector)
    """
  }

  private static func addresses(_ mesh: MeshDocuments) -> [String] {
    var reader = SnapshotReader(mesh.snapshot)
    return reader.endpoints(entry).map(\.address)
  }

  @Test func `A pod whose metadata alone changes is the same workload`() throws {
    let mesh = try MeshDocuments(Self.pod())
    let revision = mesh.snapshot.revision
    try mesh.apply(Self.pod(note: "other"))
    #expect(mesh.snapshot.revision == revision)
    try mesh.apply(Self.pod(address: "10.0.0.2"))
    #expect(mesh.snapshot.revision > revision)
    var reader = SnapshotReader(mesh.snapshot)
    #expect(reader.workloads(at: "10.0.0.1").isEmpty)
    #expect(reader.workloads(at: "10.0.0.2").map(\.name) == ["a"])
  }

  @Test func `A service entry follows the workloads that it selects`() throws {
    let mesh = try MeshDocuments(Self.entry(selector: "workloadSelector: {labels: {app: vm}}"))
    #expect(Self.addresses(mesh).isEmpty)
    try mesh.apply(Self.pod())
    try mesh.apply(Self.pod("b", address: "10.0.0.2"))
    #expect(Self.addresses(mesh) == ["10.0.0.1", "10.0.0.2"])
    try mesh.apply(Self.pod("b", label: "other", address: "10.0.0.2"))
    #expect(Self.addresses(mesh) == ["10.0.0.1"])
    try mesh.delete(Self.pod())
    #expect(Self.addresses(mesh).isEmpty)
    try mesh.apply(Self.pod("b", address: "10.0.0.2"))
    #expect(Self.addresses(mesh) == ["10.0.0.2"])
  }

  @Test func `A service entry without its selector lets go of workloads`() throws {
    let mesh = try MeshDocuments(Self.entry(selector: "workloadSelector: {labels: {app: vm}}"))
    try mesh.apply(Self.pod())
    try mesh.apply(Self.entry(selector: "endpoints: [{address: 10.0.0.9}]"))
    #expect(Self.addresses(mesh) == ["10.0.0.9"])
    let revision = mesh.snapshot.revision
    try mesh.delete(Self.entry(selector: ""))
    #expect(Self.addresses(mesh).isEmpty)
    #expect(mesh.snapshot.revision > revision)
  }
}
