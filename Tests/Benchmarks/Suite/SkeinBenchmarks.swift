internal import Benchmark

/// Registers every benchmark with the library's runner, `swift package benchmark` (see `make bench`).
@main
struct SkeinBenchmarks: BenchmarkRunnerHooks {
  static func registerBenchmarks() {
    EncodingBenchmarks.register()
    PlanningBenchmarks.register()
    SessionBenchmarks.register()
    StreamBenchmarks.register()
    DecodingBenchmarks.register()
    IngestBenchmarks.register()
    EndpointEventBenchmarks.register()
    GatewayEditBenchmarks.register()
    TLSPushBenchmarks.register()
    SigningBenchmarks.register()
    IstiodBenchmarks.register()
  }
}
