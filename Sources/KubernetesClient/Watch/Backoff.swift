/// How long to wait before trying again: doubling, with jitter, within bounds.
package struct Backoff: Sendable {
  private let minimum: Duration
  private let maximum: Duration
  private var attempts = 0

  /// Creates a backoff; the defaults are those of Kubernetes clients.
  package init(minimum: Duration = .milliseconds(800), maximum: Duration = .seconds(30)) {
    self.minimum = minimum
    self.maximum = maximum
  }

  /// The next wait: between half and all of a span that doubles each time.
  package mutating func next(
    using generator: inout some RandomNumberGenerator
  ) -> Duration {
    let span = min(maximum, minimum * (1 << min(attempts, 16)))
    attempts += 1
    return span * Double.random(in: 0.5...1, using: &generator)
  }

  /// Starts over after something went well.
  package mutating func reset() {
    attempts = 0
  }
}
