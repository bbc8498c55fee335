internal import Foundation
internal import KubernetesAPI
internal import KubernetesClient
import MeshTesting
internal import StandaloneAPI
internal import StreamingJSON
import Testing

@Suite struct ResourceWatchTests {
  private static func withFolder<Result: Sendable>(
    _ body: (String) async throws -> Result
  ) async throws -> Result {
    let folder = NSTemporaryDirectory() + "skein-client-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
  }

  /// Serves while `body` runs; an address that an ended server still closes is waited for.
  private static func serving<Result: Sendable>(
    _ folder: String, address: String = "127.0.0.1:0",
    _ body: @Sendable (String) async throws -> Result
  ) async throws -> Result {
    let deadline = ContinuousClock.now + .seconds(10)
    while true {
      do {
        return try await servingOnce(folder, address: address, body)
      } catch StandaloneAPIError.notListening where ContinuousClock.now < deadline {
        try await ContinuousClock().sleep(for: .milliseconds(50))
      }
    }
  }

  private static func servingOnce<Result: Sendable>(
    _ folder: String, address: String, _ body: @Sendable (String) async throws -> Result
  ) async throws -> Result {
    let server = try await StandaloneAPIServer(
      databasePath: "\(folder)/api.db", address: address, logger: EmbeddedAPI.logger)
    return try await RunningService.whileRunning(server, logger: EmbeddedAPI.logger) {
      try await body(try await server.boundAddress)
    }
  }

  private static func client(_ address: String) -> KubernetesClient {
    KubernetesClient(configuration: .init(baseURL: "http://\(address)"), logger: EmbeddedAPI.logger)
  }

  private static func put(_ client: KubernetesClient, _ name: String, _ value: String) async throws
  {
    _ = try await client.apply(
      [
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string(name)],
        "data": ["v": .string(value)],
      ], as: .configMaps, key: ObjectKey(namespace: "default", name: name))
  }

  @Test func `a listing in pages is followed by changes`() async throws {
    try await Self.withFolder { folder in
      try await Self.serving(folder) { address in
        let client = Self.client(address)
        for number in 0..<7 { try await Self.put(client, "m\(number)", "a") }
        var iterator = client.watch(ConfigMap.self).tuned(pageSize: 2).makeAsyncIterator()
        #expect(await iterator.next() == .initStart)
        for number in 0..<7 {
          guard case .initApply(let object) = await iterator.next() else {
            Issue.record("object \(number) is missing")
            return
          }
          #expect(object.key.name == "m\(number)")
        }
        #expect(await iterator.next() == .initDone)
        try await Self.put(client, "m3", "b")
        try await client.delete(.configMaps, ObjectKey(namespace: "default", name: "m4"))
        guard case .apply(let changed) = await iterator.next() else {
          Issue.record("the change is missing")
          return
        }
        #expect(changed.value?.data == ["v": "b"])
        #expect(await iterator.next() == .delete(ObjectKey(namespace: "default", name: "m4")))
        await client.shutdown()
      }
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `following goes on where it stood after the server was away`() async throws {
    try await Self.withFolder { folder in
      let (events, sink) = AsyncStream<ResourceEvent<ConfigMap>>.makeStream()
      // Below the ports that the system gives out, so that nobody takes it while the server is away.
      let chosen = "127.0.\(Int.random(in: 1...250)).1:\(Int.random(in: 20_000..<30_000))"
      let (address, client, task) = try await Self.serving(folder, address: chosen) {
        address -> (String, KubernetesClient, Task<Void, Never>) in
        let client = Self.client(address)
        try await Self.put(client, "a", "1")
        let watch = client.watch(ConfigMap.self).tuned(
          backoff: Backoff(minimum: .milliseconds(20), maximum: .milliseconds(50)))
        let task = Task {
          for await event in watch { sink.yield(event) }
        }
        for await event in events where event == .initDone { break }
        return (address, client, task)
      }
      try await Self.serving(folder, address: address) { _ in
        // The client may still be told of the refusals while the server was away.
        let deadline = ContinuousClock.now + .seconds(10)
        while true {
          do {
            try await Self.put(client, "a", "2")
            break
          } catch KubernetesClientError.unreachable where ContinuousClock.now < deadline {
            await Task.yield()
          }
        }
        var iterator = events.makeAsyncIterator()
        guard case .apply(let changed) = await iterator.next() else {
          Issue.record("a change is expected, not a listing")
          return
        }
        #expect(changed.value?.data == ["v": "2"])
      }
      task.cancel()
      await task.value
      await client.shutdown()
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `cancelling ends the sequence`() async throws {
    try await Self.withFolder { folder in
      try await Self.serving(folder) { address in
        let client = Self.client(address)
        let task = Task {
          var count = 0
          for await _ in client.watch(ConfigMap.self) { count += 1 }
          return count
        }
        var iterator = client.watch(ConfigMap.self).makeAsyncIterator()
        _ = await iterator.next()
        task.cancel()
        #expect(await task.value <= 2)
        await client.shutdown()
      }
    }
  }

  @Test func `a refusal is thrown with the words of the server`() async throws {
    try await Self.withFolder { folder in
      try await Self.serving(folder) { address in
        let client = Self.client(address)
        let missing = await #expect(throws: KubernetesClientError.self) {
          try await client.get(.services, ObjectKey(namespace: "default", name: "none"))
        }
        #expect(missing?.isNotFound == true)
        #expect(missing?.description.contains("services \"none\" not found") == true)
        let bad = await #expect(throws: KubernetesClientError.self) {
          try await client.apply(
            [
              "apiVersion": "networking.istio.io/v1", "kind": "Sidecar", "metadata": ["name": "x"],
              "spec": [:],
            ], as: .sidecars,
            key: ObjectKey(namespace: "default", name: "x"))
        }
        #expect(bad?.description.contains("422") == true, "\(String(describing: bad))")
        await client.shutdown()
      }
    }
  }

  @Test func `a server that is not there is an error`() async throws {
    let client = Self.client("127.0.0.1:1")
    await #expect(throws: KubernetesClientError.self) {
      try await client.list(.services)
    }
    await client.shutdown()
  }
}
