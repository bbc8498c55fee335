internal import Benchmark
internal import BenchmarkMeshes
internal import EnvoyTranslation
internal import XDSProtocol

/// From a resource's input to its bytes, with digest and frame.
enum EncodingBenchmarks {
  static func register() {
    measure("a cluster", scale: .kilo) { SampleInputs.cluster($0) }
    measure("the 20 endpoints of a cluster", scale: .kilo) {
      SampleInputs.endpoints($0, count: 20)
    }
    measure("a virtual host", scale: .kilo) { SampleInputs.virtualHost($0) }
    measure("a route configuration of 1,000 hosts", scale: .one) { _ in
      SampleInputs.route(hosts: 1000)
    }
    measure("a listener", scale: .kilo) { SampleInputs.listener($0) }
  }

  private static func measure<Input: ResourceInput>(
    _ what: String, scale: BenchmarkScalingFactor, _ input: @escaping (Int) -> Input
  ) {
    Benchmark(
      "translation: build \(what)",
      configuration: Settings.timed(scale: scale, counting: [Settings.bytes]),
      closure: { (benchmark: Benchmark, inputs: [Input]) in
        var bytes = 0
        for index in benchmark.scaledIterations { bytes += inputs[index].build().deltaEntry.count }
        benchmark.measurement(Settings.bytes, bytes / inputs.count)
      },
      setup: { (0..<scale.rawValue).map(input) })
  }
}
