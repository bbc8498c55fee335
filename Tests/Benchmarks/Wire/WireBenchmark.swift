internal import EnvoyTranslation
internal import IstioAPI
internal import MeshTesting
internal import XDSProtocol

/// Measures building, assembling and planning in one process; prints a table.
@main
struct WireBenchmark {
  static func main() async throws {
    print("| what | per item | rate |")
    print("|---|---|---|")
    encodeClusters()
    assembleResponses()
    try await planViews()
  }

  /// A cluster with mutual TLS as nearly every one of a mesh is.
  private static func cluster(_ index: Int) -> ClusterInput {
    var cluster = ClusterInput(
      name: "outbound|80||svc-\(index).ns-1.svc.cluster.local", discovery: .endpoints,
      connectTimeout: IstioDuration(seconds: 10))
    cluster.circuitBreakers = CircuitBreakers(nil)
    cluster.panicThreshold = 0
    cluster.tls = .automatic(
      MutualTLSClient(
        sni: "outbound_.80_._.svc-\(index).ns-1.svc.cluster.local",
        subjectAltNames: ["spiffe://cluster.local/ns/ns-1/sa/svc-\(index)"],
        alpn: ["istio-http/1.1", "istio", "http/1.1"]))
    return cluster
  }

  private static func encodeClusters() {
    let inputs = (0..<1000).map(cluster)
    var bytes = 0
    let rounds = 100
    let encoded = ContinuousClock().measure {
      for _ in 0..<rounds {
        for input in inputs { bytes += input.encode().count }
      }
    }
    report("encode a cluster of \(bytes / rounds / 1000) bytes", encoded, rounds * 1000, bytes)
    var built = 0
    let building = ContinuousClock().measure {
      for _ in 0..<rounds {
        for input in inputs { built += input.build().deltaEntry.count }
      }
    }
    report("encode, digest and frame the same", building, rounds * 1000, built)
  }

  private static func assembleResponses() {
    let resources = (0..<1000).map { cluster($0).build() }
    let rounds = 1000
    var bytes = 0
    let assembling = ContinuousClock().measure {
      for _ in 0..<rounds {
        var response: [UInt8] = []
        response.reserveCapacity(resources.reduce(0) { $0 + $1.deltaEntry.count })
        for resource in resources { response += resource.deltaEntry }
        bytes += response.count
      }
    }
    report("assemble 1,000 cached clusters into a response", assembling, rounds, bytes)
  }

  private static func planViews() async throws {
    let count = 1000
    var yaml = ""
    for index in 0..<count {
      yaml += """
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: svc-\(index), namespace: ns-\(index % 20)}
        spec:
          clusterIP: 10.96.\(index / 250).\(index % 250 + 1)
          ports: [{name: http, port: 80, targetPort: 8080}, {name: tcp, port: 9000}]

        """
    }
    let mesh = try MeshDocuments(yaml)
    let translation = MeshTranslation(snapshot: mesh.snapshot)
    let node = try ProxyNodes.node(namespace: "ns-1")
    let clock = ContinuousClock()
    var start = clock.now
    let first = await translation.open(node) {}
    let built = Int(translation.cache.counters.built)
    report(
      "plan and build the views of a first proxy, 1,000 services", clock.now - start, built,
      Int(translation.cache.counters.builtBytes))
    start = clock.now
    var handles = [first]
    for _ in 0..<1000 { handles.append(await translation.open(node) {}) }
    report("open a proxy whose views are known", clock.now - start, 1000, 0)
    let plannedBefore = translation.counters.plannedUnits
    print(
      "| units planned for those 1,000 proxies | \(translation.counters.plannedUnits - plannedBefore) | |"
    )
  }

  private static func report(_ what: String, _ time: Duration, _ count: Int, _ bytes: Int) {
    let seconds = Double(time.components.attoseconds) / 1e18 + Double(time.components.seconds)
    let each = (seconds / Double(count) * 1e9).rounded() / 1000
    let rate = bytes > 0 ? "\((Double(bytes) / seconds / 1e7).rounded() / 100) GB/s" : ""
    print("| \(what) | \(each) µs | \(rate) |")
  }
}
