internal import Benchmark
internal import Logging
internal import XDSProtocol

/// What the benchmarks share. Counts of allocations are left out: without the library's interposer
/// they read nothing.
enum Settings {
  /// A logger that keeps the output for the results.
  static var quiet: Logger {
    var logger = Logger(label: "bench")
    logger.logLevel = .critical
    return logger
  }

  /// The bytes that one operation makes or reads.
  static let bytes = BenchmarkMetric.custom("bytes", useScalingFactor: false)
  /// The resources that one operation makes.
  static let resources = BenchmarkMetric.custom("resources", useScalingFactor: false)

  /// The bytes of one type's resources in a message, as istiod's harness counts them.
  static func bytes(_ type: ResourceType) -> BenchmarkMetric {
    .custom("\(type.shortName) bytes", useScalingFactor: false)
  }

  /// The resources of one type in a message.
  static func resources(_ type: ResourceType) -> BenchmarkMetric {
    .custom("\(type.shortName) resources", useScalingFactor: false)
  }

  /// Wall time, with counts of the benchmark's own. CPU time is known to 10 ms only.
  static func timed(
    scale: BenchmarkScalingFactor = .one, seconds: Int = 2, counting: [BenchmarkMetric] = []
  ) -> Benchmark.Configuration {
    Benchmark.Configuration(
      metrics: [.wallClock] + counting,
      units: Dictionary(uniqueKeysWithValues: counting.map { ($0, .count) }), warmupIterations: 1,
      scalingFactor: scale, maxDuration: .seconds(seconds), maxIterations: 10_000)
  }
}

/// A value that a benchmark changes from one iteration to the next.
final class Mutable<Value> {
  var value: Value

  init(_ value: Value) {
    self.value = value
  }
}
