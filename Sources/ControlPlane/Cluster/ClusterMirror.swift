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
    var pending: [(resource: KubernetesResource, changes: [MirrorChange])] = []
    var isScheduled = false
  }

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
        return try [UInt8].fetchAll(
          database, resource: name)
      }
    } catch {
      logger.error("the mirror cannot be read", metadata: ["error": "\(error)"])
      return nil
    }
  }

  func record(_ changes: [MirrorChange], of resource: KubernetesResource) {
    let mustSchedule = state.withLock { state in
      state.pending.append((resource, changes))
      defer { state.isScheduled = true }
      return !state.isScheduled
    }
    if mustSchedule { queue.async { self.write() } }
  }

  func flush() {
    queue.sync { self.write() }
  }

  private func write() {
    let pending = state.withLock { state in
      defer {
        state.pending = []
        state.isScheduled = false
      }
      return state.pending
    }
    guard !pending.isEmpty else { return }
    do {
      try database.write { database in
        for (resource, changes) in pending {
          for change in changes { try Self.write(change, Self.name(resource), database) }
        }
      }
    } catch {
      logger.error("the mirror cannot be written", metadata: ["error": "\(error)"])
    }
  }

  private static func write(
    _ change: MirrorChange, _ resource: String, _ database: Database
  ) throws {
    switch change {
    case .listingBegins:
      try database.execute(
        sql: """
          INSERT INTO resource (name, listing, is_complete) VALUES (?, 1, 0)
          ON CONFLICT (name) DO UPDATE SET listing = listing + 1
          """, arguments: [resource])
    case .object(let key, let json):
      try database.execute(
        sql: """
          INSERT INTO object (resource, namespace, name, listing, json)
          VALUES (?, ?, ?, coalesce((SELECT listing FROM resource WHERE name = ?), 0), ?)
          ON CONFLICT (resource, namespace, name)
          DO UPDATE SET listing = excluded.listing, json = excluded.json
          """,
        arguments: [resource, key.namespace, key.name, resource, Data(MirroredJSON.trimmed(json))])
    case .listingEnds:
      try database.execute(
        sql: """
          DELETE FROM object WHERE resource = ?
            AND listing < (SELECT listing FROM resource WHERE name = ?)
          """, arguments: [resource, resource])
      try database.execute(
        sql: "UPDATE resource SET is_complete = 1 WHERE name = ?", arguments: [resource])
    case .gone(let key):
      try database.execute(
        sql: "DELETE FROM object WHERE resource = ? AND namespace = ? AND name = ?",
        arguments: [resource, key.namespace, key.name])
    }
  }

  private static func name(_ resource: KubernetesResource) -> String {
    resource.group.isEmpty ? resource.plural : "\(resource.plural).\(resource.group)"
  }
}

extension [UInt8] {
  fileprivate static func fetchAll(_ database: Database, resource: String) throws -> [[UInt8]] {
    try Data.fetchAll(
      database, sql: "SELECT json FROM object WHERE resource = ? ORDER BY namespace, name",
      arguments: [resource]
    ).map { Array($0) }
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
