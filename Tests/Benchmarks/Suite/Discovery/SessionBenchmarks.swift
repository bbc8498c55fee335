internal import Benchmark
internal import BenchmarkMeshes
internal import EnvoyTranslation
internal import NIOCore
internal import XDSProtocol

/// The conversation with one proxy, 1,000 clusters with their endpoints.
enum SessionBenchmarks {
  private static let clusters = 1000

  static func register() {
    measure("cold start") { $0.coldStart() }
    measure("return of a proxy that holds everything") { $0.coldStart(resumes: true) }
    Benchmark(
      "discovery: an update of endpoints in a session",
      configuration: Settings.timed(),
      closure: { (benchmark: Benchmark, bench: Mutable<SessionBench>) in
        let new = ends[benchmark.currentIteration % 2]
        benchmark.startMeasurement()
        bench.value.updateEndpoints(7, to: new)
      },
      setup: {
        var bench = SessionBench(clusters: clusters)
        bench.coldStart()
        return Mutable(bench)
      })
    assemble()
  }

  /// What putting cached resources into one message costs at the least: a copy of their bytes.
  private static func assemble() {
    Benchmark(
      "discovery: copy 1,000 encoded clusters into one buffer",
      configuration: Settings.timed(counting: [Settings.bytes]),
      closure: { (benchmark: Benchmark, resources: [EncodedResource]) in
        let size = resources.reduce(0) { $0 + $1.deltaEntry.count }
        var buffer = ByteBufferAllocator().buffer(capacity: size)
        for resource in resources { buffer.writeBytes(resource.deltaEntry) }
        benchmark.measurement(Settings.bytes, buffer.readableBytes)
      },
      setup: { (0..<clusters).map { SampleInputs.cluster($0).build() } })
  }

  private static let ends = [2, 4].map { SampleInputs.endpoints(7, count: $0).build() }

  private static func measure(
    _ what: String, _ conversation: @escaping (inout SessionBench) -> Void
  ) {
    Benchmark(
      "discovery: \(what) of a session", configuration: Settings.timed(),
      closure: { (_: Benchmark, bench: Mutable<SessionBench>) in conversation(&bench.value) },
      setup: { Mutable(SessionBench(clusters: clusters)) })
  }
}
