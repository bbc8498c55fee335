internal import KubernetesAPI
package import KubernetesClient
package import StreamingJSON
internal import Synchronization

/// What edits of one kind took.
package struct EditOutcome: Sendable {
  package var kind: EditKind
  /// From the moment an edit was due until the API answered.
  package var api = Latencies()
  /// From the API's answer to the last proxy.
  package var last = Latencies()
  /// From the API's answer to each proxy.
  package var each = Latencies()
  /// Edits that some proxy did not receive in time.
  package var incomplete = 0
  /// Bytes and messages to all proxies together, for each edit.
  package var bytes = 0.0
  package var messages = 0.0
  /// CPU seconds of the server for each edit; nil when it is not watched.
  package var serverSeconds: Double?

  /// The outcome for machines.
  package var json: JSONValue {
    [
      "kind": .string(kind.rawValue), "api": api.json, "last_proxy": last.json,
      "each_proxy": each.json, "incomplete": .integer(Int64(incomplete)),
      "bytes_per_edit": .number(bytes), "messages_per_edit": .number(messages),
      "server_cpu_s_per_edit": serverSeconds.map { .number($0) } ?? .null,
    ]
  }
}

/// Changes objects at fixed times and measures when the proxies have the changes.
///
/// The times do not depend on how fast anything is answered: an edit that is due is made although the
/// one before it may not have arrived everywhere, and lateness is not hidden.
package struct EditRun: Sendable {
  package var workload: ReferenceWorkload
  package var client: KubernetesClient
  package var fleet: ProxyFleet
  /// Edits per second.
  package var rate: Double
  /// The server's process; nil when it is not watched.
  package var pid: Int32?
  package var timeout = Duration.seconds(20)
  /// Tells this run from others on the same mesh.
  package var run: UInt32

  /// Counted, so that runs of one process differ, from a random number on, so that those of two do.
  private static let nextRun = Atomic<UInt32>(.random(in: 0 ... .max))

  package init(
    workload: ReferenceWorkload, client: KubernetesClient, fleet: ProxyFleet, rate: Double,
    pid: Int32?
  ) {
    self.workload = workload
    self.client = client
    self.fleet = fleet
    self.rate = max(0.01, rate)
    self.pid = pid
    run = Self.nextRun.wrappingAdd(1, ordering: .relaxed).newValue
  }

  /// Makes `count` edits of a kind; `progress` is told how many have arrived.
  package func perform(
    _ kind: EditKind, count: Int, progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws -> EditOutcome {
    var outcome = EditOutcome(kind: kind)
    let before = fleet.tally
    let usage = pid.flatMap { ProcessUsage(pid: $0) }
    let clock = ContinuousClock()
    let begin = clock.now
    try await withThrowingTaskGroup(of: Single.self) { group in
      for number in 0..<count {
        group.addTask {
          let due = begin + .seconds(Double(number) / rate)
          try await clock.sleep(until: due)
          return try await perform(workload.edit(kind, number: number, run: run), due: due)
        }
      }
      var done = 0
      for try await single in group {
        outcome.add(single)
        done += 1
        progress(done)
      }
    }
    let after = fleet.tally
    outcome.bytes = Double(after.bytes - before.bytes) / Double(max(1, count))
    outcome.messages = Double(after.messages - before.messages) / Double(max(1, count))
    if let usage, let now = pid.flatMap({ ProcessUsage(pid: $0) }) {
      outcome.serverSeconds = (now.cpuSeconds - usage.cpuSeconds) / Double(max(1, count))
    }
    return outcome
  }

  /// One edit's times.
  fileprivate struct Single: Sendable {
    var api: Duration
    var arrivals: [Duration]
    var missing: Int
  }

  private func perform(_ edit: Edit, due: ContinuousClock.Instant) async throws -> Single {
    let expectation = fleet.expect(edit.sign)
    defer { fleet.forget(expectation) }
    switch edit.write {
    case .apply(let object):
      _ = try await client.apply(object.value, as: object.resource, key: object.key)
    case .delete(let object): try await client.delete(object.resource, object.key)
    }
    let answered = ContinuousClock.now
    let (arrivals, missing) = await expectation.outcome(within: timeout)
    return Single(
      api: due.duration(to: answered), arrivals: arrivals.map { answered.duration(to: $0) },
      missing: missing)
  }
}

extension EditOutcome {
  fileprivate mutating func add(_ single: EditRun.Single) {
    api.record(single.api)
    for arrival in single.arrivals { each.record(arrival) }
    if single.missing > 0 {
      incomplete += 1
    } else if let latest = single.arrivals.max() {
      last.record(latest)
    }
  }
}
