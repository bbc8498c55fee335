internal import Benchmark
internal import BenchmarkMeshes
internal import KubernetesAPI

/// Reading the JSON of an API server.
enum DecodingBenchmarks {
  private static let mesh = KubernetesMesh(services: 1000)

  static func register() {
    measure("an EndpointSlice of 20 endpoints", .endpointSlices) { index in
      var mesh = mesh
      mesh.replicas = 20
      return mesh.slice(index)
    }
    measure("a Pod of 40 variables", .pods) { mesh.pod($0, 0, padding: 40) }
    measure("a VirtualService", .virtualServices) { mesh.virtualService($0) }
  }

  private static func measure(
    _ what: String, _ resource: KubernetesResource, _ text: @escaping (Int) -> [UInt8]
  ) {
    Benchmark(
      "ingest: decode \(what)",
      configuration: Settings.timed(scale: .kilo, counting: [Settings.bytes]),
      closure: { (benchmark: Benchmark, texts: [[UInt8]]) throws in
        for index in benchmark.scaledIterations {
          blackHole(try KubernetesMesh.applied(resource, texts[index]))
        }
        benchmark.measurement(Settings.bytes, texts.reduce(0) { $0 + $1.count } / texts.count)
      },
      setup: { (0..<1000).map(text) })
  }
}
