internal import CProcess
internal import Dispatch
internal import Foundation
internal import GRDB
internal import KubernetesAPI
internal import KubernetesClient
internal import Logging
internal import OpenSSLCrypto
internal import StreamingJSON
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The last known objects of a cluster in SQLite, for a start while its API is away.
///
/// Secrets go to a folder in memory and nowhere else. Changes are written in the background, those of a
/// moment in one transaction; a database that fails costs the copy, never the mesh.
final class ClusterMirror: ObjectMirror {
  private let objects: Store
  private let secrets: Store?

  /// A mirror in a data directory, with the secrets in `secretDirectory`; nil keeps no secrets.
  ///
  /// - Throws: `ControlPlaneError` where that folder is on a disk, and the error of SQLite.
  init(dataDirectory: String, secretDirectory: String?, logger: Logger) throws {
    objects = try Store(path: "\(dataDirectory)/mirror.sqlite", logger: logger)
    secrets = try secretDirectory.map { directory in
      try PrivateFile.makeDirectory(directory)
      guard MemoryBackedVolume.contains(directory) else {
        throw ControlPlaneError(
          "\(directory) is on a disk; give --secret-dir a folder of a tmpfs, such as an emptyDir with "
            + "medium: Memory")
      }
      return try Store(path: "\(directory)/secrets.sqlite", logger: logger)
    }
  }

  func objects(of resource: KubernetesResource) -> [[UInt8]]? {
    store(of: resource)?.objects(of: resource)
  }

  func record(_ changes: [MirrorChange], of resource: KubernetesResource) {
    store(of: resource)?.record(changes, of: resource)
  }

  /// Waits until everything recorded so far is written; for a shutdown.
  func flush() {
    objects.flush()
    secrets?.flush()
  }

  private func store(of resource: KubernetesResource) -> Store? {
    resource == .secrets ? secrets : objects
  }
}

/// One database of a mirror.
private final class Store: Sendable {
  private struct State {
    var backlog = MirrorBacklog()
    var isScheduled = false
  }

  /// How long after a failure the next attempt is made.
  private static let retryInterval = DispatchTimeInterval.seconds(10)

  private let database: DatabaseQueue
  private let queue = DispatchQueue(label: "skein.cluster-mirror", qos: .utility)
  private let state = Mutex(State())
  private let logger: Logger

  init(path: String, logger: Logger) throws {
    self.logger = logger
    // SQLite gives its other files the permissions of this one.
    let file = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    if file >= 0 {
      fchmod(file, 0o600)
      close(file)
    }
    var configuration = GRDB.Configuration()
    configuration.journalMode = .wal
    database = try DatabaseQueue(path: path, configuration: configuration)
    try database.write { database in
      try database.execute(
        sql: """
          CREATE TABLE IF NOT EXISTS object (
            resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
            listing INTEGER NOT NULL, json BLOB NOT NULL,
            PRIMARY KEY (resource, namespace, name)) WITHOUT ROWID;
          CREATE TABLE IF NOT EXISTS resource (
            name TEXT PRIMARY KEY, listing INTEGER NOT NULL, is_complete INTEGER NOT NULL
          ) WITHOUT ROWID;
          """)
    }
  }

  func objects(of resource: KubernetesResource) -> [[UInt8]]? {
    flush()
    do {
      return try database.read { database in
        let name = Self.name(resource)
        let isComplete = try Bool.fetchOne(
          database, sql: "SELECT is_complete FROM resource WHERE name = ?", arguments: [name])
        guard isComplete == true else { return nil }
        return try Data.fetchAll(
          database, sql: "SELECT json FROM object WHERE resource = ? ORDER BY namespace, name",
          arguments: [name]
        ).map { Array($0) }
      }
    } catch {
      logger.error("the mirror cannot be read", metadata: ["error": "\(error)"])
      return nil
    }
  }

  func record(_ changes: [MirrorChange], of resource: KubernetesResource) {
    let mustSchedule = state.withLock { state in
      state.backlog.record(changes, of: resource)
      defer { state.isScheduled = true }
      return !state.isScheduled
    }
    if mustSchedule { queue.async { self.write() } }
  }

  func flush() {
    queue.sync { self.write() }
  }

  private func write() {
    let backlog = state.withLock { state in
      defer { state = State() }
      return state.backlog
    }
    guard !backlog.resources.isEmpty else { return }
    do {
      try database.write { database in
        for (resource, changes) in backlog.resources {
          try Self.write(changes, Self.name(resource), database)
        }
      }
    } catch {
      logger.error("the mirror cannot be written; trying again", metadata: ["error": "\(error)"])
      state.withLock { state in
        state.backlog = backlog.followed(by: state.backlog)
        state.isScheduled = true
      }
      queue.asyncAfter(deadline: .now() + Self.retryInterval) { self.write() }
    }
  }

  private static func write(
    _ changes: MirrorBacklog.Changes, _ resource: String, _ database: Database
  ) throws {
    let listing =
      try Int64.fetchOne(
        database, sql: "SELECT listing FROM resource WHERE name = ?", arguments: [resource]) ?? 0
    for (key, object) in changes.objects {
      guard let json = object.json else {
        try database.execute(
          sql: "DELETE FROM object WHERE resource = ? AND namespace = ? AND name = ?",
          arguments: [resource, key.namespace, key.name])
        continue
      }
      try database.execute(
        sql: """
          INSERT INTO object (resource, namespace, name, listing, json) VALUES (?, ?, ?, ?, ?)
          ON CONFLICT (resource, namespace, name)
          DO UPDATE SET listing = excluded.listing, json = excluded.json
          """,
        arguments: [
          resource, key.namespace, key.name, listing &+ object.listing,
          Data(MirroredJSON.trimmed(json)),
        ])
    }
    guard changes.listings > 0 || changes.ended != nil else { return }
    if let ended = changes.ended {
      try database.execute(
        sql: "DELETE FROM object WHERE resource = ? AND listing < ?",
        arguments: [resource, listing &+ ended])
    }
    try database.execute(
      sql: """
        INSERT INTO resource (name, listing, is_complete) VALUES (?, ?, ?)
        ON CONFLICT (name) DO UPDATE SET
          listing = excluded.listing, is_complete = max(is_complete, excluded.is_complete)
        """, arguments: [resource, listing &+ changes.listings, changes.ended != nil])
  }

  private static func name(_ resource: KubernetesResource) -> String {
    resource.group.isEmpty ? resource.plural : "\(resource.plural).\(resource.group)"
  }
}

/// Objects without what nobody here reads.
enum MirroredJSON {
  /// Leaves out who changed which field, and what clients keep for themselves.
  static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
    guard var object = try? JSONValue(parsing: bytes), var metadata = object["metadata"] else {
      return bytes
    }
    metadata["managedFields"] = nil
    if var annotations = metadata["annotations"] {
      annotations["kubectl.kubernetes.io/last-applied-configuration"] = nil
      metadata["annotations"] = annotations
    }
    object["metadata"] = metadata
    return object.serialized()
  }
}

/// Tells whether files of a folder are kept in memory.
enum MemoryBackedVolume {
  static func contains(_ path: String) -> Bool { unsafe skein_is_in_memory(path) == 1 }
}
