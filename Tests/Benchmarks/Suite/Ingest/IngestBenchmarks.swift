internal import Benchmark
internal import BenchmarkMeshes
internal import KubernetesAPI
internal import MeshIngest
internal import MeshTesting

/// Decoded objects into updates of the snapshot.
enum IngestBenchmarks {
  static func register() {
    Benchmark(
      "ingest: all objects of a mesh of 1,000 services",
      configuration: Settings.timed(),
      closure: { (_: Benchmark, events: [IngestEvent]) in
        let documents = MeshDocuments()
        documents.ingest.apply(events)
        blackHole(documents.snapshot)
      },
      setup: { try KubernetesMesh(services: 1000).events() })
    Benchmark(
      "ingest: an EndpointSlice of a mesh of 1,000 services",
      configuration: Settings.timed(scale: .kilo),
      closure: { (benchmark: Benchmark, state: (MeshDocuments, [[IngestEvent]])) in
        let offset = benchmark.currentIteration % 2 * 1000
        for index in benchmark.scaledIterations { state.0.ingest.apply(state.1[offset + index]) }
      },
      setup: {
        let mesh = KubernetesMesh(services: 1000)
        let documents = MeshDocuments()
        documents.ingest.apply(try mesh.events())
        let events = try [false, true].flatMap { isReady in
          try (0..<1000).map {
            try KubernetesMesh.applied(.endpointSlices, mesh.slice($0, isFirstReady: isReady))
          }
        }
        return (documents, events)
      })
  }
}
