package import KubernetesClient

/// A measurement: proxies connect, changes are made, everything is counted.
package struct FleetRun: Sendable {
  package var fleet: ProxyFleet.Configuration
  /// The API in which changes are made.
  package var client: KubernetesClient?
  /// The server's process; nil when it is not watched.
  package var pid: Int32?
  package var edits: [(EditKind, Int)] = []
  package var editRate = 2.0
  package var flapRate = 0.0
  /// Whether all streams are cut at once in the end, to measure the return.
  package var cutsAll = false
  package var timeout = Duration.seconds(300)
  package var hold = Duration.zero

  package init(fleet: ProxyFleet.Configuration, client: KubernetesClient?) {
    self.fleet = fleet
    self.client = client
  }

  /// Performs it; `progress` is told what happens.
  ///
  /// - Throws: `KubernetesClientError` when a change is refused.
  package func perform(
    progress: @escaping @Sendable (String) -> Void
  ) async throws -> FleetReport {
    let fleet = ProxyFleet(self.fleet)
    let watch = Task {
      while !Task.isCancelled {
        progress(Self.summary(of: fleet.tally, readers: fleet.readers))
        try await Task.sleep(for: .milliseconds(200))
      }
    }
    do {
      let report = try await measure(fleet, progress: progress, watch: watch)
      await fleet.stop()
      return report
    } catch {
      watch.cancel()
      await fleet.stop()
      throw error
    }
  }

  private func measure(
    _ fleet: ProxyFleet, progress: @escaping @Sendable (String) -> Void,
    watch: Task<Void, any Error>
  ) async throws -> FleetReport {
    var report = FleetReport(configuration: self.fleet, readers: fleet.readers)
    report.start = usage
    report.ownStart = .own
    let begin = ContinuousClock.now
    try await fleet.start()
    report.isComplete = await fleet.waitUntilComplete(within: timeout)
    report.coldTime = begin.duration(to: .now)
    watch.cancel()
    report.cold = fleet.tally
    report.afterCold = usage
    guard report.isComplete else {
      report.finish(fleet.tally, usage)
      return report
    }
    let background = [
      Task { try await fleet.churn() },
      Task { [self] in
        guard let client, flapRate > 0 else { return }
        try await Flapping(workload: self.fleet.workload, client: client, rate: flapRate).run()
      },
    ]
    defer { for task in background { task.cancel() } }
    if let client {
      let edits = EditRun(
        workload: self.fleet.workload, client: client, fleet: fleet, rate: editRate, pid: pid)
      for (kind, count) in self.edits {
        report.edits.append(
          try await edits.perform(kind, count: count) {
            progress("\(kind.rawValue): \($0) of \(count) edits")
          })
      }
    }
    try await Task.sleep(for: hold)
    if cutsAll {
      let before = fleet.tally
      let usage = usage
      fleet.cutAll()
      let cut = ContinuousClock.now
      while fleet.tally.losses - before.losses < fleet.readers, cut.duration(to: .now) < timeout {
        try await Task.sleep(for: .milliseconds(5))
      }
      report.isComplete = await fleet.waitUntilComplete(within: timeout)
      report.returned(
        in: cut.duration(to: .now), from: before, to: fleet.tally, usage, self.usage)
    }
    report.finish(fleet.tally, usage)
    return report
  }

  private var usage: ProcessUsage? { pid.flatMap { ProcessUsage(pid: $0) } }

  private static func summary(of tally: FleetTally, readers: Int) -> String {
    "\(tally.complete) of \(readers) proxies complete, \(tally.messages) messages, "
      + "\(tally.bytes / 1_000_000) MB"
  }
}
