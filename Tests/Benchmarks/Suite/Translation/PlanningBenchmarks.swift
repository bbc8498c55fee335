internal import Benchmark
internal import BenchmarkMeshes
internal import EnvoyTranslation
internal import MeshIngest
internal import MeshTesting
internal import XDSProtocol

/// Planning the views of a proxy on 1,000 services.
enum PlanningBenchmarks {
  private static let services = 1000

  static func register() {
    Benchmark(
      "translation: views of a first proxy, 1,000 services",
      configuration: Settings.timed(seconds: 4, counting: [Settings.resources, Settings.bytes]),
      closure: { (benchmark: Benchmark, state: (MeshDocuments, ProxyNode)) async throws in
        let translation = MeshTranslation(snapshot: state.0.snapshot)
        blackHole(await translation.open(state.1) {})
        benchmark.stopMeasurement()
        let built = translation.cache.counters
        benchmark.measurement(Settings.resources, Int(built.built))
        benchmark.measurement(Settings.bytes, Int(built.builtBytes))
      },
      setup: { (try documents(), try ProxyNodes.node(namespace: "ns-1")) })
    Benchmark(
      "translation: views of a proxy whose scope is known",
      configuration: Settings.timed(),
      closure: { (benchmark: Benchmark, state: (MeshTranslation, ProxyNode)) async throws in
        let handle = await state.0.open(state.1) {}
        benchmark.stopMeasurement()
        handle.close()
      },
      setup: {
        let translation = MeshTranslation(snapshot: try documents().snapshot)
        let node = try ProxyNodes.node(namespace: "ns-1")
        _ = await translation.open(node) {}
        return (translation, node)
      })
  }

  private static func documents() throws -> MeshDocuments {
    let documents = MeshDocuments()
    documents.ingest.apply(try KubernetesMesh(services: services).events())
    return documents
  }
}
