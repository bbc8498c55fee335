internal import Foundation
internal import KubernetesAPI
import MeshTesting
internal import StreamingJSON
internal import Synchronization
import Testing

@testable internal import KubernetesClient

/// What a client makes of a server that fails, behind a relay that injects the failures.
@Suite struct FaultTests {
  private static func configMap(_ name: String) -> JSONValue {
    ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string(name)], "data": [:]]
  }

  private static let quick = Backoff(minimum: .milliseconds(10), maximum: .milliseconds(30))

  @Test(.timeLimit(.minutes(1)))
  func `a server that asks for patience is asked again, when it said`() async throws {
    try await EmbeddedAPI.runBehindFaults { relay, url in
      let count = Mutex(0)
      relay.plan { _ in
        count.withLock {
          $0 += 1
          return $0 <= 2
        } ? .status(429, retryAfter: 1) : .none
      }
      try await KubernetesClient.whileOpen(url) { client in
        let start = ContinuousClock.now
        _ = try await client.list(.services)
        #expect(ContinuousClock.now - start >= .seconds(2))
        #expect(relay.seen.count == 3)
        // Without a time to come back it is the caller's business.
        relay.plan { _ in .status(503) }
        let failure = await #expect(throws: KubernetesClientError.self) {
          try await client.list(.services)
        }
        #expect(failure?.code == 503)
        #expect(relay.seen.count == 4)
      }
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `a watch that is open again is live, though nothing changes`() async throws {
    try await EmbeddedAPI.runBehindFaults { relay, url in
      try await KubernetesClient.whileOpen(url) { client in
        let watch = client.watch(ConfigMap.self).tuned(pageSize: 10, backoff: Self.quick)
        let following = Task { for await _ in watch {} }
        func wait(for state: SyncState) async throws {
          // Sooner than the server's first bookmark, which is sent after 15 s.
          let deadline = ContinuousClock.now + .seconds(8)
          while client.syncStates[.configMaps] != state, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(10))
          }
          #expect(client.syncStates[.configMaps] == state)
        }
        try await wait(for: .live)
        relay.plan { $0.isWatch ? .status(500) : .none }
        relay.cutAll()
        try await wait(for: .stale)
        relay.plan { _ in .none }
        try await wait(for: .live)
        following.cancel()
        await following.value
      }
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `reviews go through while all writes hang`() async throws {
    try await EmbeddedAPI.runBehindFaults { relay, url in
      let isHanging = Mutex(true)
      relay.plan { seen in
        seen.method == "PATCH" && isHanging.withLock { $0 } ? .status(429, retryAfter: 20) : .none
      }
      try await KubernetesClient.whileOpen(url) { client in
        let writes = (0..<200).map { number in
          Task {
            try await client.apply(
              Self.configMap("c\(number)"), as: .configMaps,
              key: ObjectKey(namespace: "default", name: "c\(number)"))
          }
        }
        try await Task.sleep(for: .milliseconds(300))
        let start = ContinuousClock.now
        _ = try? await client.get(
          .configMaps, ObjectKey(namespace: "default", name: "x"), for: .lease)
        #expect(ContinuousClock.now - start < .seconds(2))
        for write in writes { write.cancel() }
        for write in writes { _ = await write.result }
      }
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `a refused token is read again once`() async throws {
    try await EmbeddedAPI.runBehindFaults { relay, url in
      let path = NSTemporaryDirectory() + "skein-token-\(UUID().uuidString)"
      defer { try? FileManager.default.removeItem(atPath: path) }
      try "old".write(toFile: path, atomically: true, encoding: .utf8)
      try await KubernetesClient.whileOpen(url, { $0.credentials = TokenFile(path: path) }) {
        client in
        _ = try await client.list(.services)
        try "new".write(toFile: path, atomically: true, encoding: .utf8)
        relay.plan { $0.authorization == "Bearer new" ? .none : .status(401) }
        _ = try await client.list(.services)
        #expect(relay.seen.map(\.authorization) == ["Bearer old", "Bearer old", "Bearer new"])
        relay.plan { _ in .status(401) }
        let failure = await #expect(throws: KubernetesClientError.self) {
          try await client.list(.services)
        }
        #expect(failure?.code == 401)
      }
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `a resource that is not there is empty, appears, and goes again`() async throws {
    try await EmbeddedAPI.runBehindFaults { relay, url in
      let isThere = Mutex(false)
      relay.plan { seen in
        guard seen.path.contains("networking.istio.io") else { return .none }
        return isThere.withLock { $0 } ? .none : .status(404)
      }
      try await KubernetesClient.whileOpen(url) { client in
        let watch = client.watch(.sidecars, as: JSONSpec.self).tuned(
          backoff: Self.quick, absencePause: .milliseconds(50))
        var iterator = watch.makeAsyncIterator()
        #expect(await iterator.next() == .initStart)
        #expect(await iterator.next() == .initDone)
        #expect(client.syncStates[.sidecars] == .absent)
        isThere.withLock { $0 = true }
        #expect(await iterator.next() == .initStart)
        #expect(await iterator.next() == .initDone)
        #expect(client.syncStates[.sidecars] == .live)
        isThere.withLock { $0 = false }
        relay.cutAll()
        #expect(await iterator.next() == .initStart)
        #expect(await iterator.next() == .initDone)
        #expect(client.syncStates[.sidecars] == .absent)
      }
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `a resource is found in the version that the server has`() async throws {
    try await EmbeddedAPI.runBehindFaults { relay, url in
      relay.plan {
        $0.path.hasPrefix("/apis/networking.istio.io/v1/")
          || $0.path == "/apis/networking.istio.io/v1" ? .status(404) : .none
      }
      try await KubernetesClient.whileOpen(url) { client in
        var iterator = client.watch(.sidecars, as: JSONSpec.self).tuned(backoff: Self.quick)
          .makeAsyncIterator()
        #expect(await iterator.next() == .initStart)
        #expect(await iterator.next() == .initDone)
        #expect(client.syncStates[.sidecars] == .live)
        #expect(relay.seen.last?.path.contains("v1beta1") == true)
      }
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `lists are streamed where the server does that, and asked for where it does not`()
    async throws
  {
    try await EmbeddedAPI.runBehindFaults { relay, url in
      for isRefused in [false, true] {
        relay.plan { isRefused && $0.query.contains("sendInitialEvents") ? .status(422) : .none }
        try await KubernetesClient.whileOpen(url, { $0.streamsLists = true }) { client in
          let key = ObjectKey(namespace: "default", name: "a")
          _ = try await client.apply(Self.configMap("a"), as: .configMaps, key: key)
          let before = relay.seen.count
          var iterator = client.watch(ConfigMap.self).tuned(backoff: Self.quick)
            .makeAsyncIterator()
          #expect(await iterator.next() == .initStart)
          var names: [String] = []
          while case .initApply(let object)? = await iterator.next() {
            names.append(object.key.name)
          }
          #expect(names == ["a"])
          #expect(client.syncStates[.configMaps] == .live)
          let lists = relay.seen.dropFirst(before).filter { $0.query.contains("limit=") }
          #expect(lists.isEmpty != isRefused)
        }
      }
      relay.plan { $0.path == "/version" ? .answer(#"{"major":"1","minor":"26+"}"#) : .none }
      try await KubernetesClient.whileOpen(url, { $0.streamsLists = true }) { client in
        var iterator = client.watch(ConfigMap.self).makeAsyncIterator()
        #expect(await iterator.next() == .initStart)
        #expect(relay.seen.last?.query.contains("limit=") == true)
      }
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `the mirror stands in while the server is away, and gives way`() async throws {
    try await EmbeddedAPI.runBehindFaults { relay, url in
      relay.plan { _ in .cut }
      let mirror = MemoryMirror()
      let kept = #"{"metadata":{"name":"kept","namespace":"default"},"data":{"a":"b"}}"#
      mirror.record(
        [
          .listingBegins,
          .object(ObjectKey(namespace: "default", name: "kept"), json: Array(kept.utf8)),
          .listingEnds,
        ], of: .configMaps)
      try await KubernetesClient.whileOpen(
        url,
        {
          $0.mirror = mirror
          $0.patience = .milliseconds(200)
        }
      ) { client in
        let start = ContinuousClock.now
        var iterator = client.watch(ConfigMap.self).tuned(backoff: Self.quick).makeAsyncIterator()
        #expect(await iterator.next() == .initStart)
        #expect(ContinuousClock.now - start >= .milliseconds(200))
        #expect(client.syncStates[.configMaps] == .mirrored)
        guard case .initApply(let object)? = await iterator.next() else {
          Issue.record("the kept object is missing")
          return
        }
        #expect(object.value?.data == ["a": "b"])
        #expect(await iterator.next() == .initDone)
        relay.plan { _ in .none }
        #expect(await iterator.next() == .initStart)
        #expect(await iterator.next() == .initDone)
        #expect(client.syncStates[.configMaps] == .live)
        #expect(mirror.objects(of: .configMaps) == [])
      }
    }
  }

  @Test(.timeLimit(.minutes(1)), arguments: [false, true])
  func `an answer that begins and does not go on is given up`(isStreamed: Bool) async throws {
    try await EmbeddedAPI.runBehindFaults { relay, url in
      let stalls = Mutex(2)
      relay.plan { seen in
        let isList = seen.path.hasSuffix("/configmaps")
        return isList
          && stalls.withLock {
            $0 -= 1
            return $0 >= 0
          } ? .stall : .none
      }
      try await KubernetesClient.whileOpen(
        url,
        {
          $0.streamsLists = isStreamed
          $0.longestSilence = .milliseconds(300)
          $0.longestWatchSilence = .milliseconds(300)
        }
      ) { client in
        var iterator = client.watch(ConfigMap.self).tuned(backoff: Self.quick).makeAsyncIterator()
        var event = await iterator.next()
        while event != .initDone { event = await iterator.next() }
        #expect(client.syncStates[.configMaps] == .live)
        stalls.withLock { $0 = 1 }
        await #expect(throws: KubernetesClientError.self) { try await client.list(.configMaps) }
      }
    }
  }

  @Test func `the rights that requests need are recorded`() async throws {
    try await EmbeddedAPI.runBehindFaults { _, url in
      try await KubernetesClient.whileOpen(url) { client in
        _ = try await client.list(.virtualServices)
        _ = try? await client.applyStatus(
          [:], as: .gateways, key: ObjectKey(namespace: "default", name: "x"))
        _ = client.watch(Pod.self).makeAsyncIterator()
        #expect(
          client.accesses.map(\.description) == [
            "list pods", "watch pods", "patch gateways/status.networking.istio.io",
            "list virtualservices.networking.istio.io",
          ])
      }
    }
  }
}

/// A specification of which nothing is read.
private struct JSONSpec: JSONReadable, Hashable, Sendable {
  init(from reader: inout JSONReader) throws(JSONDecodingError) { try reader.skipValue() }
}

/// A mirror in memory.
private final class MemoryMirror: ObjectMirror {
  private let state = Mutex<[KubernetesResource: [ObjectKey: [UInt8]]]>([:])

  func objects(of resource: KubernetesResource) -> [[UInt8]]? {
    state.withLock { $0[resource].map { Array($0.values) } }
  }

  func record(_ changes: [MirrorChange], of resource: KubernetesResource) {
    state.withLock { state in
      for change in changes {
        switch change {
        case .listingBegins: state[resource] = [:]
        case .object(let key, let json): state[resource, default: [:]][key] = json
        case .listingEnds: break
        case .gone(let key): state[resource]?[key] = nil
        }
      }
    }
  }
}
