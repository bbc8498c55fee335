internal import Foundation
internal import KubernetesAPI
internal import Logging
internal import StreamingJSON
import Testing

@testable internal import StandaloneAPI

@Suite struct ConfigurationFolderTests {
  private static func rule(_ name: String, _ host: String) -> String {
    """
    apiVersion: networking.istio.io/v1
    kind: VirtualService
    metadata: {name: \(name)}
    spec:
      hosts: [\(host)]
      http:
      - directResponse: {status: 200}
    ---

    """
  }

  /// A folder of files and a server that follows it.
  private struct Scene {
    let folder: String
    let server: StandaloneAPIServer
    let follower: ConfigurationFolder

    func write(_ name: String, _ text: String) throws {
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/config/\(name)"))
    }

    func hosts(_ name: String) async throws -> [String]? {
      let key = ObjectKey(namespace: "default", name: name)
      guard let record = try await server.store.get(.virtualServices, key) else { return nil }
      return try JSONValue(parsing: record.json)[path: ["spec", "hosts"]]?.arrayValue?
        .compactMap(\.stringValue)
    }
  }

  private static func scene(_ body: (Scene) async throws -> Void) async throws {
    let folder = try RunningAPI.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(
      atPath: "\(folder)/config", withIntermediateDirectories: true)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let server = try await StandaloneAPIServer(databasePath: "\(folder)/a.db", logger: logger)
    let follower = ConfigurationFolder(path: "\(folder)/config", server: server, logger: logger)
    try await body(Scene(folder: folder, server: server, follower: follower))
  }

  @Test func `edits are followed and removed objects are deleted`() async throws {
    try await Self.scene { scene in
      try scene.write("a.yaml", Self.rule("one", "x") + Self.rule("two", "w"))
      let first = try #require(try await scene.follower.applyChanges())
      #expect(first == ConfigurationFolder.Outcome(changed: 2))
      #expect(try await scene.follower.applyChanges() == nil)
      try scene.write("a.yaml", Self.rule("one", "changed"))
      let second = try #require(try await scene.follower.applyChanges())
      #expect(second == ConfigurationFolder.Outcome(changed: 1))
      #expect(try await scene.hosts("one") == ["changed"])
      // The file may have been read half written, so what is missing goes at the next look.
      #expect(try await scene.hosts("two") == ["w"])
      #expect(
        try await scene.follower.applyChanges() == ConfigurationFolder.Outcome(deleted: 1))
      #expect(try await scene.hosts("two") == nil)
      try FileManager.default.removeItem(atPath: "\(scene.folder)/config/a.yaml")
      #expect(try await scene.follower.applyChanges()?.deleted == 0)
      #expect(try await scene.follower.applyChanges()?.deleted == 1)
      #expect(try await scene.follower.applyChanges() == nil)
    }
  }

  @Test func `a file that is empty for a moment deletes nothing`() async throws {
    try await Self.scene { scene in
      try scene.write("a.yaml", Self.rule("one", "x"))
      _ = try await scene.follower.applyChanges()
      try scene.write("a.yaml", "")
      #expect(try await scene.follower.applyChanges()?.deleted == 0)
      try scene.write("a.yaml", Self.rule("one", "longer"))
      #expect(try await scene.follower.applyChanges()?.deleted == 0)
      #expect(try await scene.hosts("one") == ["longer"])
      #expect(try await scene.follower.applyChanges() == nil)
    }
  }

  @Test func `a folder that is not there deletes nothing`() async throws {
    try await Self.scene { scene in
      try scene.write("a.yaml", Self.rule("one", "x"))
      _ = try await scene.follower.applyChanges()
      let (here, away) = ("\(scene.folder)/config", "\(scene.folder)/away")
      try FileManager.default.moveItem(atPath: here, toPath: away)
      for _ in 0..<3 {
        let outcome = try await scene.follower.applyChanges()
        #expect(outcome?.problems == ["\(here):1:1: there is no such file or folder"])
      }
      #expect(try await scene.hosts("one") == ["x"])
      try FileManager.default.moveItem(atPath: away, toPath: here)
      #expect(try await scene.follower.applyChanges() == nil)
      #expect(try await scene.hosts("one") == ["x"])
    }
  }

  @Test func `names with spaces and signs are names like others`() async throws {
    try await Self.scene { scene in
      let folder = "\(scene.folder)/my %20 configs"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let file = URL(fileURLWithPath: "\(folder)/a b.yaml")
      try Data(Self.rule("one", "x").utf8).write(to: file)
      var logger = Logger(label: "test")
      logger.logLevel = .critical
      let follower = ConfigurationFolder(path: folder, server: scene.server, logger: logger)
      #expect(try await follower.applyChanges()?.changed == 1)
      try Data(Self.rule("one", "edited").utf8).write(to: file)
      #expect(try await follower.applyChanges()?.changed == 1)
      #expect(try await scene.hosts("one") == ["edited"])
    }
  }

  @Test func `a bad file changes nothing and the others are applied`() async throws {
    try await Self.scene { scene in
      try scene.write("a.yaml", Self.rule("one", "x"))
      try scene.write("b.yaml", Self.rule("two", "w"))
      _ = try await scene.follower.applyChanges()
      try scene.write("a.yaml", Self.rule("one", "x") + "spec: [1\nkind: }")
      try scene.write("b.yaml", Self.rule("two", "better"))
      let outcome = try #require(try await scene.follower.applyChanges())
      #expect(outcome.changed == 1)
      #expect(outcome.deleted == 0)
      #expect(outcome.problems.count == 1)
      #expect(outcome.problems.first?.contains("/config/a.yaml:10:") == true, "\(outcome.problems)")
      #expect(try await scene.hosts("one") == ["x"])
      #expect(try await scene.hosts("two") == ["better"])
    }
  }

  @Test func `a bad object keeps its last good form and says where it is wrong`() async throws {
    try await Self.scene { scene in
      try scene.write("a.yaml", Self.rule("one", "x"))
      _ = try await scene.follower.applyChanges()
      try scene.write("a.yaml", Self.rule("one", "bad_host") + Self.rule("two", "w"))
      let outcome = try #require(try await scene.follower.applyChanges())
      #expect(outcome.changed == 1)
      #expect(outcome.deleted == 0)
      #expect(
        outcome.problems.first?.contains("a.yaml:5:11: VirtualService one: spec.hosts[0]") == true,
        "\(outcome.problems)")
      #expect(try await scene.hosts("one") == ["x"])
      #expect(try await scene.hosts("two") == ["w"])
    }
  }

  @Test func `objects from elsewhere are left alone`() async throws {
    try await Self.scene { scene in
      let key = ObjectKey(namespace: "default", name: "theirs")
      _ = try await scene.server.store.write(.virtualServices, key) { _, _ in
        .put(["metadata": ["name": "theirs", "namespace": "default"], "spec": ["hosts": ["z"]]])
      }
      try scene.write("a.yaml", Self.rule("one", "x"))
      _ = try await scene.follower.applyChanges()
      try scene.write("a.yaml", "")
      _ = try await scene.follower.applyChanges()
      #expect(try await scene.follower.applyChanges()?.deleted == 1)
      #expect(try await scene.hosts("theirs") == ["z"])
    }
  }

  @Test func `namespaces come before what lives in them`() async throws {
    try await Self.scene { scene in
      try scene.write(
        "a.yaml",
        """
        {apiVersion: v1, kind: ConfigMap, metadata: {name: m, namespace: late}}
        ---
        {apiVersion: v1, kind: Namespace, metadata: {name: late}}
        ---
        {apiVersion: v1, kind: ConfigMap, metadata: {name: m, namespace: never}}
        ---
        {apiVersion: v9, kind: Other, metadata: {name: m}}
        ---
        just text
        """)
      let outcome = try #require(try await scene.follower.applyChanges())
      #expect(outcome.changed == 2)
      #expect(outcome.problems.count == 3, "\(outcome.problems)")
      #expect(outcome.problems.contains { $0.contains("a.yaml:5:") && $0.contains("never") })
    }
  }

  @Test func `an object given twice is told of once`() async throws {
    try await Self.scene { scene in
      try scene.write("a.yaml", Self.rule("one", "x"))
      try scene.write("b.yaml", Self.rule("one", "w"))
      let outcome = try #require(try await scene.follower.applyChanges())
      #expect(outcome.problems.count == 1)
      #expect(outcome.problems.first?.contains("b.yaml:3:") == true)
      #expect(try await scene.hosts("one") == ["x"])
    }
  }
}
