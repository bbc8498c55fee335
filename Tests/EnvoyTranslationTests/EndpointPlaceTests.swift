import EnvoyAPI
import EnvoyTranslation
import MeshStore
import MeshTesting
import StreamingJSON
import Testing
import XDSProtocol

/// Which endpoints a proxy gets, by where both are.
struct EndpointPlaceTests {
  private static func mesh(_ spec: String) -> String {
    let nodes = ["n1": "a", "n2": "b", "n3": "a"].map { name, zone in
      """
      ---
      apiVersion: v1
      kind: Node
      metadata:
        name: \(name)
        labels: {topology.kubernetes.io/region: r, topology.kubernetes.io/zone: \(zone)}

      """
    }
    let pods = [
      ("server-1", "n1", "10.44.0.1"), ("server-2", "n2", "10.44.0.2"),
      ("server-3", "n3", "10.44.0.3"),
      ("client", "n1", "10.44.0.9"),
    ]
    .map { name, node, address in
      """
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: \(name), namespace: default}
      spec: {nodeName: \(node), containers: []}
      status: {phase: Running, podIP: \(address)}

      """
    }
    return """
      apiVersion: v1
      kind: Service
      metadata: {name: server, namespace: default}
      spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]\(spec)}
      ---
      apiVersion: discovery.k8s.io/v1
      kind: EndpointSlice
      metadata: {name: s, namespace: default, labels: {kubernetes.io/service-name: server}}
      addressType: IPv4
      ports: [{name: http, port: 8080}]
      endpoints:
      - {addresses: [10.44.0.1], nodeName: n1, targetRef: {kind: Pod, name: server-1}}
      - {addresses: [10.44.0.2], nodeName: n2, targetRef: {kind: Pod, name: server-2}}
      - {addresses: [10.44.0.3], nodeName: n3, targetRef: {kind: Pod, name: server-3}}

      """ + nodes.joined() + pods.joined()
  }

  /// The endpoints of the service, each address with its priority.
  private static func endpoints(_ state: ResourceState) throws -> [String: Int64] {
    let name = "outbound|80||server.default.svc.cluster.local"
    let resource = try #require(state[.endpoints, name])
    let json = MessagePrinter.json(
      resource.payload, type: String(resource.type.typeURL.dropFirst("type.googleapis.com/".count)))
    var found: [String: Int64] = [:]
    for locality in json["endpoints"]?.arrayValue ?? [] {
      for endpoint in locality["lb_endpoints"]?.arrayValue ?? locality["lbEndpoints"]?.arrayValue
        ?? []
      {
        let text = String(decoding: endpoint.serialized(), as: UTF8.self)
        for address in ["10.44.0.1", "10.44.0.2", "10.44.0.3"] where text.contains("\"\(address)\"")
        {
          found[address] = locality["priority"]?.integerValue ?? 0
        }
      }
    }
    return found
  }

  @Test func `A proxy reaches what the service's policies let it reach`() async throws {
    let documents = try MeshDocuments(Self.mesh(""))
    let translation = MeshTranslation(snapshot: documents.snapshot)
    _ = documents.store.takeChanges()
    let proxy = await translation.open(
      try ProxyNodes.node(name: "client", address: "10.44.0.9")
    ) {}
    func change(_ spec: String) throws {
      try documents.apply(Self.mesh(spec))
      if let (snapshot, changes) = documents.store.takeChanges() {
        translation.update(to: snapshot, changes)
      }
    }
    func expect(_ first: Int64, _ second: Int64?, _ third: Int64?) throws {
      var expected = ["10.44.0.1": first]
      expected["10.44.0.2"] = second
      expected["10.44.0.3"] = third
      #expect(try Self.endpoints(proxy.current()) == expected)
    }
    try expect(0, 0, 0)
    try change(", internalTrafficPolicy: Local")
    try expect(0, nil, nil)
    try change(", trafficDistribution: PreferClose")
    try expect(0, 1, 0)
    // The node before the rest of its zone, which comes before the other zone.
    try change(", trafficDistribution: PreferSameNode")
    try expect(0, 2, 1)
    try change("")
    try expect(0, 0, 0)
  }
}
