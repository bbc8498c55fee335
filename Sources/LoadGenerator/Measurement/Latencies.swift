internal import Histogram
package import StreamingJSON

/// Durations that were measured, kept as a histogram of three significant digits.
package struct Latencies: Sendable {
  /// In microseconds.
  private var histogram = Histogram<UInt64>(
    highestTrackableValue: 3_600_000_000, numberOfSignificantValueDigits: .three)

  package init() {}

  package var count: UInt64 { histogram.totalCount }

  /// Adds a duration; one below zero counts as zero, one above an hour as an hour.
  package mutating func record(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    let microseconds = Double(seconds) * 1e6 + Double(attoseconds) / 1e12
    histogram.record(UInt64(min(max(microseconds, 0), 3_600_000_000)))
  }

  package mutating func add(_ other: Latencies) {
    histogram.add(other.histogram)
  }

  /// The value, in milliseconds, below which `percent` of all durations lie; zero where there are none.
  package func percentile(_ percent: Double) -> Double {
    count == 0 ? 0 : Double(histogram.valueAtPercentile(percent)) / 1000
  }

  /// The longest duration in milliseconds.
  package var longest: Double { count == 0 ? 0 : Double(histogram.max) / 1000 }

  /// `count`, and `p50_ms`, `p90_ms`, `p99_ms`, `max_ms`.
  package var json: JSONValue {
    [
      "count": .integer(Int64(clamping: count)),
      "p50_ms": .number(percentile(50)),
      "p90_ms": .number(percentile(90)),
      "p99_ms": .number(percentile(99)),
      "max_ms": .number(longest),
    ]
  }
}
