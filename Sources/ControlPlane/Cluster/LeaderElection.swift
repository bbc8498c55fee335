internal import KubernetesAPI
internal import KubernetesClient
internal import Logging
internal import ServiceLifecycle
internal import StreamingJSON
internal import Synchronization

/// Lets one of the replicas do what only one may: by a Lease that it renews
/// (<https://kubernetes.io/docs/concepts/architecture/leases/>).
///
/// A lease is taken over when it was not seen to change for as long as it lasts, by this process's own clock:
/// the clocks of others do not matter.
final class LeaderElection: ServiceLifecycle.Service {
  struct Timing: Sendable {
    /// How long a lease lasts that is not renewed.
    var lease = Duration.seconds(30)
    /// How long a leader that cannot renew goes on leading; shorter than the lease.
    var renewal = Duration.seconds(15)
    var retry = Duration.seconds(7.5)
  }

  private struct Observed: Sendable {
    var object: JSONValue
    var at: ContinuousClock.Instant
  }

  private let client: KubernetesClient
  private let key: ObjectKey
  private let identity: String
  private let timing: Timing
  private let duties: @Sendable () async -> Void
  private let logger: Logger
  private let leading = Mutex(false)

  /// An election under the name `key` in which this process is `identity`; the leader does its duties, whose
  /// task is cancelled when it leads no more.
  init(
    client: KubernetesClient, key: ObjectKey, identity: String, timing: Timing = Timing(),
    logger: Logger, duties: @escaping @Sendable () async -> Void
  ) {
    self.client = client
    self.key = key
    self.identity = identity
    self.timing = timing
    self.logger = logger
    self.duties = duties
  }

  /// Whether this process leads now.
  var isLeader: Bool { leading.withLock { $0 } }

  func run() async throws {
    await cancelWhenGracefulShutdown { await self.campaign() }
  }

  private func campaign() async {
    var observed: Observed?
    while !Task.isCancelled {
      let deadline = ContinuousClock.now + timing.renewal
      if await acquire(&observed, before: deadline) {
        await lead(&observed, until: deadline)
        observed = nil
      }
      try? await Task.sleep(for: timing.retry * Double.random(in: 0.8...1.2))
    }
  }

  /// Leads until `deadline`, which every renewal puts off.
  private func lead(_ observed: inout Observed?, until deadline: ContinuousClock.Instant) async {
    leading.withLock { $0 = true }
    logger.notice("this replica leads", metadata: ["kubernetes.lease": "\(key)"])
    let duties = Task { await self.duties() }
    var deadline = deadline
    while !Task.isCancelled, ContinuousClock.now < deadline {
      try? await Task.sleep(for: min(timing.retry, deadline - .now))
      if Task.isCancelled { break }
      // The lease may count from when the renewal was sent.
      let next = ContinuousClock.now + timing.renewal
      if await acquire(&observed, before: deadline) {
        deadline = next
      } else if observed.map({ holder($0.object) != identity }) ?? false {
        break
      }
    }
    duties.cancel()
    await duties.value
    leading.withLock { $0 = false }
    logger.notice("this replica leads no more", metadata: ["kubernetes.lease": "\(key)"])
    // Who ends in order makes room at once; the cancelled task cannot send, so another does.
    if Task.isCancelled, let last = observed?.object {
      await Task {
        await self.answer(before: .now + .seconds(2)) { await self.release(last) }
      }.value
    }
  }

  /// The same, given up at `deadline`: a server that does not answer must not keep a leader leading.
  private func acquire(
    _ observed: inout Observed?, before deadline: ContinuousClock.Instant
  ) async -> Bool {
    let before = observed
    let outcome = await answer(before: deadline) {
      var observed = before
      return (isOurs: await self.acquire(&observed), observed: observed)
    }
    guard let outcome else { return false }
    observed = outcome.observed
    return outcome.isOurs
  }

  /// What `body` returns, or nil when it does not in time.
  private func answer<Value: Sendable>(
    before deadline: ContinuousClock.Instant, _ body: @escaping @Sendable () async -> Value
  ) async -> Value? {
    await withTaskGroup(of: Value?.self) { group in
      group.addTask { await body() }
      group.addTask {
        try? await Task.sleep(until: deadline)
        return nil
      }
      defer { group.cancelAll() }
      return await group.next() ?? nil
    }
  }

  /// Takes or renews the lease where nobody else holds it; false otherwise, and when it cannot be told.
  private func acquire(_ observed: inout Observed?) async -> Bool {
    do throws(KubernetesClientError) {
      let current: JSONValue
      do throws(KubernetesClientError) {
        current = try await client.get(.leases, key, for: .lease)
      } catch {
        guard error.isNotFound else { throw error }
        let made = try await client.create(
          lease(replacing: nil), as: .leases, namespace: key.namespace, for: .lease)
        observed = Observed(object: made.object, at: .now)
        return true
      }
      if observed?.object["spec"] != current["spec"] {
        observed = Observed(object: current, at: .now)
      }
      let isOurs = holder(current) == identity
      let age = observed.map { ContinuousClock.now - $0.at } ?? .zero
      guard isOurs || holder(current).isEmpty || age > duration(of: current) else { return false }
      let answer = try await client.replace(
        lease(replacing: current), as: .leases, key: key, for: .lease)
      observed = Observed(object: answer.object, at: .now)
      return true
    } catch {
      // That another was faster is ordinary.
      if !error.isConflict {
        logger.debug("the lease cannot be taken", metadata: ["error": "\(error)"])
      }
      return false
    }
  }

  private func release(_ last: JSONValue) async {
    var released = last
    released[path: ["spec", "holderIdentity"]] = ""
    released[path: ["spec", "leaseDurationSeconds"]] = 1
    _ = try? await client.replace(released, as: .leases, key: key, for: .lease)
  }

  private func holder(_ lease: JSONValue) -> String {
    lease[path: ["spec", "holderIdentity"]]?.stringValue ?? ""
  }

  private func duration(of lease: JSONValue) -> Duration {
    let seconds = lease[path: ["spec", "leaseDurationSeconds"]]?.integerValue ?? 0
    return seconds > 0 ? .seconds(min(seconds, 3_600)) : timing.lease
  }

  private func lease(replacing current: JSONValue?) -> JSONValue {
    let now = MicroTime.now()
    var lease: JSONValue =
      current ?? [
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": ["name": .string(key.name), "namespace": .string(key.namespace)],
      ]
    var spec = lease["spec"] ?? [:]
    if current.map(holder) != identity {
      spec["acquireTime"] = .string(now)
      let transitions = spec["leaseTransitions"]?.integerValue ?? 0
      spec["leaseTransitions"] = .integer(current == nil ? 0 : transitions &+ 1)
    }
    spec["holderIdentity"] = .string(identity)
    spec["leaseDurationSeconds"] = .integer(max(1, timing.lease.components.seconds))
    spec["renewTime"] = .string(now)
    lease["spec"] = spec
    return lease
  }
}
