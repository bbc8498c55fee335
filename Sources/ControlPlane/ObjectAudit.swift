internal import KubernetesAPI
internal import KubernetesClient
internal import Logging
internal import ServiceLifecycle
internal import Synchronization

/// Compares what was seen of each followed resource with what the server has, every few minutes, and mends
/// what differs: a lost event must not last.
final class ObjectAudit: ServiceLifecycle.Service {
  /// What was found so far.
  struct Counters: Hashable, Sendable {
    var runs = 0
    var compared = 0
    var repaired = 0
  }

  private struct State {
    var counters = Counters()
    var checks: [KubernetesResource: @Sendable () async -> Void] = [:]
  }

  private let interval: Duration
  private let logger: Logger
  private let state = Mutex(State())

  init(interval: Duration = .seconds(300), logger: Logger) {
    self.interval = interval
    self.logger = logger
  }

  var counters: Counters { state.withLock(\.counters) }

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        // Spread, so that replicas do not list everything at one moment.
        try? await Task.sleep(for: self.interval * Double.random(in: 0.8...1.2))
        if !Task.isCancelled { await self.runOnce() }
      }
    }
  }

  /// Compares every resource once, one after the other.
  func runOnce() async {
    let checks = state.withLock { $0.checks.sorted { $0.key.plural < $1.key.plural } }
    for (_, check) in checks { await check() }
    state.withLock { $0.counters.runs += 1 }
  }

  /// Begins to compare a resource; `apply` and `gone` mend an object.
  func follow<Value>(
    _ resource: KubernetesResource, _ watch: ResourceWatch<Value>, _ client: KubernetesClient,
    apply: @escaping @Sendable (DecodedObject<Value>) -> Void,
    gone: @escaping @Sendable (ObjectKey) -> Void
  ) -> AuditedObjects<Value> {
    let objects = AuditedObjects<Value>()
    state.withLock { state in
      state.checks[resource] = { [weak self] in
        guard let self, client.syncStates[resource] == .live else { return }
        await self.check(resource, objects, watch, apply, gone)
      }
    }
    return objects
  }

  private func check<Value>(
    _ resource: KubernetesResource, _ objects: AuditedObjects<Value>, _ watch: ResourceWatch<Value>,
    _ apply: @Sendable (DecodedObject<Value>) -> Void, _ gone: @Sendable (ObjectKey) -> Void
  ) async {
    guard let first = await watch.listOnce() else { return }
    state.withLock { $0.counters.compared += first.count }
    let suspects = objects.differences(from: first)
    guard !suspects.isEmpty else { return }
    // What differs for a moment is on its way.
    try? await Task.sleep(for: .seconds(2))
    guard !Task.isCancelled, let second = await watch.listOnce() else { return }
    for key in suspects.intersection(objects.differences(from: second)).sorted() {
      // Still the same on the server, and still not here.
      guard second[key]?.contentDigest == first[key]?.contentDigest else { continue }
      state.withLock { $0.counters.repaired += 1 }
      logger.error(
        "an object was not as the server has it, and was mended",
        metadata: ["config.object": "\(resource.kind)/\(key)"])
      if let object = second[key] {
        objects.applied(object)
        apply(object)
      } else {
        objects.deleted(key)
        gone(key)
      }
    }
  }
}

/// What was seen of the objects of one resource, as digests.
final class AuditedObjects<Value: Hashable & Sendable>: Sendable {
  private let digests = Mutex<[ObjectKey: Int]>([:])

  func listed(_ objects: some Collection<DecodedObject<Value>>) {
    let new = Dictionary(
      objects.map { ($0.key, $0.contentDigest) }, uniquingKeysWith: { $1 })
    digests.withLock { $0 = new }
  }

  func applied(_ object: DecodedObject<Value>) {
    digests.withLock { $0[object.key] = object.contentDigest }
  }

  func deleted(_ key: ObjectKey) {
    digests.withLock { $0[key] = nil }
  }

  /// The keys of objects that are not the same here and there.
  func differences(from objects: [ObjectKey: DecodedObject<Value>]) -> Set<ObjectKey> {
    digests.withLock { digests in
      var keys = Set(digests.keys).subtracting(objects.keys)
      for (key, object) in objects where digests[key] != object.contentDigest { keys.insert(key) }
      return keys
    }
  }
}

extension DecodedObject {
  /// A digest of everything but the version that the server counts.
  var contentDigest: Int {
    var copy = self
    copy.metadata.resourceVersion = ""
    return copy.hashValue
  }
}
