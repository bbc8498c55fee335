internal import Foundation
internal import KubernetesAPI
internal import StreamingJSON
import Testing

@testable internal import StandaloneAPI

@Suite struct ObjectStoreTests {
  private static func put(_ store: ObjectStore, _ name: String, _ value: Int64) async throws {
    let object: JSONValue = ["metadata": ["name": .string(name)], "data": .integer(value)]
    _ = try await store.write(.configMaps, ObjectKey(namespace: "n", name: name)) { _, _ in
      .put(object)
    }
  }

  @Test func `the log is compacted and older revisions are told to list again`() async throws {
    let folder = try RunningAPI.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let store = try ObjectStore(path: "\(folder)/a.db", retainedEvents: 10)
    let start = try await store.revision()
    for value in 0..<50 { try await Self.put(store, "a", Int64(value)) }
    let error = await #expect(throws: APIStatus.self) {
      try await store.events(.configMaps, after: start)
    }
    #expect(error?.code == 410)
    let current = try await store.revision()
    let (events, reached) = try await store.events(.configMaps, after: current - 5)
    #expect(events.count == 5)
    #expect(reached == current)
  }

  @Test func `a write that changes nothing leaves no trace`() async throws {
    let folder = try RunningAPI.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let store = try ObjectStore(path: "\(folder)/a.db")
    try await Self.put(store, "a", 1)
    let before = try await store.revision()
    try await Self.put(store, "a", 1)
    #expect(try await store.revision() == before)
    let error = await #expect(throws: APIStatus.self) {
      try await store.write(.configMaps, ObjectKey(namespace: "n", name: "a")) { _, _ in
        throw APIStatus.badRequest("no")
      }
    }
    #expect(error?.code == 400)
    #expect(try await store.revision() == before)
  }

  @Test func `what was answered is there after the process ends at any moment`() async throws {
    let folder = try RunningAPI.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let store = try ObjectStore(path: "\(folder)/a.db")
    for value in 0..<20 { try await Self.put(store, "m\(value)", Int64(value)) }
    // The files as a killed process leaves them: nothing was closed, nothing checkpointed.
    try FileManager.default.copyItem(atPath: "\(folder)/a.db", toPath: "\(folder)/b.db")
    try FileManager.default.copyItem(atPath: "\(folder)/a.db-wal", toPath: "\(folder)/b.db-wal")
    let revived = try ObjectStore(path: "\(folder)/b.db")
    #expect(try await revived.revision() == store.revision())
    #expect(try await revived.list(.configMaps, namespace: "n").records.count == 20)
    try await Self.put(revived, "more", 1)
    #expect(try await revived.revision() == store.revision() + 1)
  }

  @Test func `a dry run stores nothing`() async throws {
    let folder = try RunningAPI.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let store = try ObjectStore(path: "\(folder)/a.db")
    let before = try await store.revision()
    let key = ObjectKey(namespace: "n", name: "a")
    let record = try await store.write(.configMaps, key, isDryRun: true) { _, _ in
      .put(["metadata": ["name": "a"]])
    }
    #expect(record?.name == "a")
    #expect(try await store.get(.configMaps, key) == nil)
    #expect(try await store.revision() == before)
  }

  @Test func `a database that cannot be opened is an error`() {
    #expect(throws: (any Error).self) { try ObjectStore(path: "/nonexistent/folder/a.db") }
  }
}
