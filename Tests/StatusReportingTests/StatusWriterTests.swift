import KubernetesAPI
import KubernetesClient
import MeshTesting
import StatusReporting
import StreamingJSON
import Synchronization
import Testing

@Suite struct StatusWriterTests {
  /// What a writer is asked to say; changed in the course of a test.
  private final class Sayings: Sendable {
    private let state = Mutex<
      (revision: UInt64, reports: [StatusWriter.Subject: StatusWriter.Report])
    >(
      (0, [:]))

    var revision: UInt64 { state.withLock(\.revision) }
    var reports: [StatusWriter.Subject: StatusWriter.Report] { state.withLock(\.reports) }

    func say(_ condition: ObjectCondition, of object: JSONValue) {
      state.withLock { state in
        state.revision += 1
        state.reports[StatusWriterTests.subject] = .init(
          uid: object[path: ["metadata", "uid"]]?.stringValue ?? "",
          generation: object[path: ["metadata", "generation"]]?.integerValue ?? 0,
          conditions: [condition])
      }
    }
  }

  private static let subject = StatusWriter.Subject(
    resource: .destinationRules, key: ObjectKey(namespace: "shop", name: "reviews"))
  private static let valid = ObjectCondition(.accepted, true, reason: "Valid", message: "")
  private static let invalid = ObjectCondition(
    .accepted, false, reason: "Invalid", message: "spec.host: is empty")

  private static func create(_ client: KubernetesClient) async throws -> JSONValue {
    let object: JSONValue = [
      "apiVersion": "networking.istio.io/v1", "kind": "DestinationRule",
      "metadata": ["name": "reviews", "namespace": "shop"], "spec": ["host": "reviews"],
    ]
    return try await client.apply(object, as: subject.resource, key: subject.key).object
  }

  private static func present(_ client: KubernetesClient) async throws -> JSONValue {
    try await client.get(subject.resource, subject.key)
  }

  /// The object once its condition has a status of `holds`.
  private static func awaitCondition(
    _ client: KubernetesClient, _ holds: String
  ) async throws -> JSONValue {
    while true {
      let object = try await present(client)
      let condition = object[path: ["status", "conditions"]]?.arrayValue?.first
      if condition?["status"]?.stringValue == holds { return object }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// Has a writer at work for the length of a closure.
  private static func whileWriting(
    _ sayings: Sayings, _ client: KubernetesClient, seconds: Int64 = 1_700_000_000,
    _ body: () async throws -> Void
  ) async throws {
    let writer = StatusWriter(
      client: client, resources: [subject.resource], revision: { sayings.revision },
      reports: { sayings.reports }, now: { Timestamp(seconds: seconds) },
      logger: EmbeddedAPI.logger)
    let work = Task { await writer.run() }
    do {
      try await body()
    } catch {
      work.cancel()
      await work.value
      throw error
    }
    work.cancel()
    await work.value
  }

  private static func withClient(
    _ body: (KubernetesClient) async throws -> Void
  ) async throws {
    try await EmbeddedAPI.run { url in
      try await KubernetesClient.whileOpen(url) { client in
        let namespace: JSONValue = [
          "apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "shop"],
        ]
        _ = try await client.apply(namespace, as: .namespaces, key: ObjectKey(name: "shop"))
        try await body(client)
      }
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `an object that takes the place of another gets a status of its own`() async throws {
    try await Self.withClient { client in
      let sayings = Sayings()
      let first = try await Self.create(client)
      sayings.say(Self.valid, of: first)
      try await Self.whileWriting(sayings, client) {
        _ = try await Self.awaitCondition(client, "True")
        try await client.delete(Self.subject.resource, Self.subject.key)
        let second = try await Self.create(client)
        #expect(second["status"] == nil)
        #expect(
          second[path: ["metadata", "generation"]] == first[path: ["metadata", "generation"]])
        // The same words of the same generation, of another object.
        sayings.say(Self.valid, of: second)
        let written = try await Self.awaitCondition(client, "True")
        #expect(written[path: ["metadata", "uid"]] == second[path: ["metadata", "uid"]])
      }
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `what stands already is not written again, by a new leader neither`() async throws {
    try await Self.withClient { client in
      let sayings = Sayings()
      let object = try await Self.create(client)
      sayings.say(Self.valid, of: object)
      var version: JSONValue?
      try await Self.whileWriting(sayings, client) {
        version = try await Self.awaitCondition(client, "True")[
          path: ["metadata", "resourceVersion"]]
        sayings.say(Self.valid, of: object)
        // Nothing tells that nothing will be written: the next turn is a second away.
        try await Task.sleep(for: .milliseconds(2_500))
        let now = try await Self.present(client)
        #expect(now[path: ["metadata", "resourceVersion"]] == version)
      }
      try await Self.whileWriting(sayings, client, seconds: 1_800_000_000) {
        try await Task.sleep(for: .milliseconds(2_500))
        let now = try await Self.present(client)
        #expect(now[path: ["metadata", "resourceVersion"]] == version)
      }
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `changes are written once a second, with the time of the last turn of a condition`()
    async throws
  {
    try await Self.withClient { client in
      let sayings = Sayings()
      let object = try await Self.create(client)
      sayings.say(Self.valid, of: object)
      try await Self.whileWriting(sayings, client) {
        _ = try await Self.awaitCondition(client, "True")
        // A hundred changes of mind within a second, the last of which counts.
        var versions: Set<String> = []
        let end = ContinuousClock.now + .milliseconds(2_000)
        var turn = 0
        while ContinuousClock.now < end {
          turn += 1
          sayings.say(turn.isMultiple(of: 2) ? Self.valid : Self.invalid, of: object)
          let now = try await Self.present(client)
          versions.insert(now[path: ["metadata", "resourceVersion"]]?.stringValue ?? "")
        }
        #expect(turn > 20)
        // One before, and one at each of the seconds that began meanwhile.
        #expect(versions.count <= 4, "\(versions)")
        sayings.say(Self.invalid, of: object)
        let last = try await Self.awaitCondition(client, "False")
        let condition = last[path: ["status", "conditions"]]?.arrayValue?.first
        #expect(condition?["reason"] == "Invalid")
        #expect(condition?["message"] == "spec.host: is empty")
        #expect(condition?["lastTransitionTime"] == "2023-11-14T22:13:20Z")
        #expect(last[path: ["status", "observedGeneration"]]?.stringValue == "1")
      }
      // The same verdict in other words is not a turn.
      let reworded = ObjectCondition(.accepted, false, reason: "Invalid", message: "other words")
      sayings.say(reworded, of: object)
      try await Self.whileWriting(sayings, client, seconds: 1_800_000_000) {
        while true {
          let now = try await Self.present(client)
          let condition = now[path: ["status", "conditions"]]?.arrayValue?.first
          if condition?["message"] == "other words" {
            #expect(condition?["lastTransitionTime"] == "2023-11-14T22:13:20Z")
            break
          }
          try await Task.sleep(for: .milliseconds(20))
        }
      }
    }
  }
}
