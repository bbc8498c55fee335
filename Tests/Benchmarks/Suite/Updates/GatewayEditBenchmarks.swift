internal import Benchmark
internal import BenchmarkMeshes
internal import KubernetesAPI
internal import MeshIngest
internal import MeshTesting

/// An edit of one virtual service of a gateway, from ingest to the bytes for the gateway; what it costs
/// should not depend on how many others are bound to it.
enum GatewayEditBenchmarks {
  static func register() {
    for count in [100, 1000] {
      Benchmark(
        "update: a VirtualService of \(count) on one gateway",
        configuration: Settings.timed(seconds: 2),
        closure: { (_: Benchmark, state: Edits) in state.applyNext() },
        setup: { try await Edits(count: count) })
    }
  }

  private final class Edits {
    private let pipeline: MeshPipeline
    private var proxy: SimulatedProxy
    private let events: [[IngestEvent]]
    private var next = 0

    init(count: Int) async throws {
      let documents = try MeshDocuments(
        """
        apiVersion: networking.istio.io/v1
        kind: Gateway
        metadata: {name: shared, namespace: default}
        spec:
          selector: {app: gateway}
          servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*.example.org"]}]
        """)
      for index in 0..<count {
        documents.ingest.apply(try Self.route(index, timeout: 5))
      }
      pipeline = MeshPipeline(documents)
      proxy = await SimulatedProxy(
        to: pipeline.translation,
        as: try ProxyNodes.node(type: "router", labels: ["app": "gateway"]))
      proxy.start()
      events = try [6, 5].flatMap { timeout in
        try (0..<100).map { try Self.route($0 * (count / 100), timeout: timeout) }
      }
    }

    func applyNext() {
      pipeline.apply(events[next % events.count])
      next += 1
      proxy.catchUp()
    }

    private static func route(_ index: Int, timeout: Int) throws -> [IngestEvent] {
      try KubernetesMesh.applied(
        .virtualServices,
        Array(
          """
          {"apiVersion":"networking.istio.io/v1","kind":"VirtualService",\
          "metadata":{"name":"vs-\(index)","namespace":"default"},"spec":{"gateways":["shared"],\
          "hosts":["host-\(index).example.org"],"http":[{"timeout":"\(timeout)s",\
          "route":[{"destination":{"host":"web"}}]}]}}
          """.utf8))
    }
  }
}
