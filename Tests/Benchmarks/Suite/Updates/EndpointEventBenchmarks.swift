internal import Benchmark
internal import BenchmarkMeshes
internal import KubernetesAPI
internal import MeshIngest
internal import MeshTesting

/// One endpoint event from ingest to the bytes for a sidecar that sees the whole mesh; what it costs
/// should not depend on how large the mesh is.
enum EndpointEventBenchmarks {
  static func register() {
    for services in [1000, 5000, 20_000] {
      Benchmark(
        "update: an endpoint event, \(services) services",
        configuration: Settings.timed(seconds: 3),
        closure: { (_: Benchmark, state: Events) in state.applyNext() },
        setup: { try await Events(services: services) })
      Benchmark(
        "update: the same as far as the snapshot, \(services) services",
        configuration: Settings.timed(seconds: 1),
        closure: { (_: Benchmark, state: Events) in state.ingestNext() },
        setup: { try await Events(services: services) })
    }
  }

  /// A mesh, a sidecar, and events that each change one service's endpoints.
  private final class Events {
    private let pipeline: MeshPipeline
    private var proxy: SimulatedProxy
    private let events: [[IngestEvent]]
    private var next = 0

    init(services: Int) async throws {
      let mesh = KubernetesMesh(services: services)
      pipeline = try MeshPipeline(mesh)
      proxy = await SimulatedProxy(
        to: pipeline.translation, as: try ProxyNodes.node(namespace: "ns-1"))
      proxy.start()
      events = try [false, true].flatMap { isReady in
        try (0..<100).map {
          try KubernetesMesh.applied(
            .endpointSlices, mesh.slice($0 * (services / 100), isFirstReady: isReady))
        }
      }
    }

    /// Takes the next event into the store, where nobody waits for it.
    func ingestNext() {
      pipeline.documents.ingest.apply(events[next % events.count])
      next += 1
    }

    /// Takes the next event all the way to the proxy.
    func applyNext() {
      pipeline.apply(events[next % events.count])
      next += 1
      proxy.catchUp()
    }
  }
}
