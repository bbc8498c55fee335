import EnvoyAPI
import EnvoyTranslation
import MeshTesting
import StreamingJSON
import Testing
import XDSProtocol

/// The Bookinfo sample gives what istiod 1.14 was recorded to give, but for listed differences.
struct BookinfoTests {
  /// A proxy of the recording.
  struct Proxy: Sendable, CustomTestStringConvertible {
    var folder: String
    var node: ProxyNode
    var testDescription: String { folder }
  }

  static let recording = EnvoyBinary.conformance
  static let files: [(String, ResourceType)] = [
    ("Cluster", .cluster), ("ClusterLoadAssignment", .endpoints), ("Listener", .listener),
    ("RouteConfiguration", .route),
  ]

  @Test("Three proxies of Bookinfo get what istiod gave, but for the differences listed")
  func equality() async throws {
    guard let recording = Self.recording else {
      print("SKIPPED: Bookinfo equality: the recordings are not here")
      return
    }
    let mesh = try Self.mesh(recording)
    #expect(mesh.ingest.reports.filter(\.isRejected).isEmpty, "\(mesh.ingest.reports)")
    var used: Set<Int> = []
    var unexplained: [String] = []
    for proxy in try Self.proxies() {
      let state = await MeshTranslation(snapshot: mesh.snapshot).open(proxy.node) {}.current()
      for (file, type) in Self.files {
        let path = "\(recording)/recorded-istiod-1.14/\(proxy.folder)/\(file).json"
        // Named for both families of addresses since.
        let text = try #require(ChildProgram.read(path))
          .replacing("InboundPassthroughClusterIpv4", with: "InboundPassthroughCluster")
        let recorded = try JSONValue(parsing: text)
        let names = Set((recorded.arrayValue ?? []).compactMap(Self.name))
        try #require(!names.isEmpty)
        let translated = state.all(type)
          // The recording asked for the routes and endpoints that it names.
          .filter { type != .route || names.contains($0.name) }
          .sorted { $0.name < $1.name }.map(EnvoyValidation.json)
        let differences = ConfigurationDifference.all(
          recorded: Self.byName(recorded.arrayValue ?? []), translated: Self.byName(translated),
          at: [file])
        for difference in differences {
          if let rule = DeliberateDifference.all.firstIndex(where: { $0.explains(difference) }) {
            used.insert(rule)
          } else {
            unexplained.append("\(proxy.folder): \(difference)")
          }
        }
      }
    }
    #expect(unexplained.isEmpty, "\(unexplained.joined(separator: "\n"))")
    let stale = DeliberateDifference.all.indices.filter { !used.contains($0) }
      .map { DeliberateDifference.all[$0].place }
    #expect(stale.isEmpty, "no resource differs so any longer: \(stale)")
  }

  private static func name(_ resource: JSONValue) -> String? {
    (resource["name"] ?? resource["cluster_name"])?.stringValue
  }

  private static func byName(_ resources: [JSONValue]) -> JSONValue {
    var object = JSONObject()
    for resource in resources {
      object[name(resource) ?? ""] = ConfigurationDifference.normalized(resource)
    }
    return .object(object)
  }

  private static func proxies() throws -> [Proxy] {
    [
      Proxy(
        folder: "productpage",
        node: try ProxyNodes.node(
          name: "productpage-v1", address: "10.44.0.11",
          labels: ["app": "productpage", "version": "v1"], isDelta: false,
          extensions: ["istio.alpn"], metadata: ["MESH_ID": "cluster.local"])),
      Proxy(
        folder: "reviews-v1",
        node: try ProxyNodes.node(
          name: "reviews-v1", address: "10.44.0.14",
          labels: ["app": "reviews", "version": "v1"], isDelta: false,
          extensions: ["istio.alpn"], metadata: ["MESH_ID": "cluster.local"])),
      Proxy(
        folder: "ingress",
        node: try ProxyNodes.node(
          type: "router", name: "ingress", namespace: "istio-system", address: "10.44.0.20",
          labels: ["istio": "ingressgateway", "app": "istio-ingressgateway"], isDelta: false,
          extensions: ["istio.alpn"], metadata: ["MESH_ID": "cluster.local"])),
    ]
  }

  // MARK: - The mesh of the recording

  private static let configuration = [
    "bookinfo", "destination-rule-all", "virtual-service-all-v1", "virtual-service-reviews-90-10",
    "bookinfo-gateway",
  ]

  private static func mesh(_ folder: String) throws -> MeshDocuments {
    let mesh = MeshDocuments()
    for name in configuration {
      let text = try #require(ChildProgram.read("\(folder)/bookinfo/\(name).yaml"))
      try mesh.apply(text, file: "\(name).yaml")
    }
    try mesh.apply(kubernetes)
    for (service, address) in services { try mesh.apply(yaml(service, address)) }
    for pod in pods { try mesh.apply(yaml(pod)) }
    return mesh
  }

  private static let services = [
    ("details", "10.96.122.13"), ("productpage", "10.96.110.162"), ("ratings", "10.96.209.143"),
    ("reviews", "10.96.61.135"),
  ]

  private static let pods = [
    ("productpage", "v1", 11), ("details", "v1", 12), ("ratings", "v1", 13), ("reviews", "v1", 14),
    ("reviews", "v2", 15), ("reviews", "v3", 16),
  ]

  private static let kubernetes = """
    apiVersion: v1
    kind: Service
    metadata: {name: kubernetes, namespace: default}
    spec:
      clusterIP: 10.96.0.1
      ports: [{name: https, port: 443, targetPort: 6443}]
    ---
    apiVersion: v1
    kind: Node
    metadata:
      name: node-a
      labels: {topology.kubernetes.io/region: r1, topology.kubernetes.io/zone: z1}
    """

  private static func yaml(_ service: String, _ address: String) -> String {
    """
    apiVersion: v1
    kind: Service
    metadata: {name: \(service), namespace: default, labels: {app: \(service)}}
    spec:
      clusterIP: \(address)
      selector: {app: \(service)}
      ports: [{name: http, port: 9080}]
    """
  }

  private static func yaml(_ pod: (app: String, version: String, host: Int)) -> String {
    let name = "\(pod.app)-\(pod.version)"
    return """
      apiVersion: v1
      kind: Pod
      metadata:
        name: \(name)
        namespace: default
        labels: {app: \(pod.app), version: \(pod.version), security.istio.io/tlsMode: istio}
      spec: {nodeName: node-a, serviceAccountName: bookinfo-\(pod.app)}
      status: {podIP: 10.44.0.\(pod.host), phase: Running}
      ---
      apiVersion: discovery.k8s.io/v1
      kind: EndpointSlice
      metadata:
        name: \(name)
        namespace: default
        labels: {kubernetes.io/service-name: \(pod.app)}
      addressType: IPv4
      ports: [{name: http, port: 9080}]
      endpoints:
      - addresses: [10.44.0.\(pod.host)]
        conditions: {ready: true}
        nodeName: node-a
        targetRef: {kind: Pod, name: \(name), namespace: default}
      """
  }
}
