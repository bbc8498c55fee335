internal import FoundationEssentials
internal import GRDB
internal import KubernetesAPI
internal import StreamingJSON

/// The objects of the embedded API in one SQLite file.
///
/// Every write takes the next revision, which is the object's `resourceVersion`, and leaves an event
/// for watches. Old events are compacted. The file is in WAL mode: what was answered survives the end
/// of the process at any moment.
final class ObjectStore: Sendable {
  /// An object as it is stored: its JSON without `apiVersion` and `kind`.
  struct Record: Hashable {
    var revision: Int64
    var namespace: String
    var name: String
    var json: [UInt8]

    /// The object with the header of one version.
    func object(apiVersion: String, kind: String) throws(JSONDecodingError) -> JSONValue {
      try JSONValue(parsing: bytes(apiVersion: apiVersion, kind: kind))
    }

    /// The JSON of the object with the header of one version.
    func bytes(apiVersion: String, kind: String) -> [UInt8] {
      Array("{\"apiVersion\":\"\(apiVersion)\",\"kind\":\"\(kind)\",".utf8) + json.dropFirst()
    }
  }

  /// Something that happened to an object.
  struct Event: Hashable {
    enum Kind: String {
      case added = "ADDED"
      case modified = "MODIFIED"
      case deleted = "DELETED"
    }

    var kind: Kind
    var record: Record
    /// The JSON before the change.
    var previous: [UInt8]?
  }

  /// What a write does with the object.
  enum Change {
    case keep
    case put(JSONValue)
    case delete
  }

  /// One part of a list.
  struct Page {
    var records: [Record]
    var revision: Int64
    /// Set when there is more: the last object of the page.
    var last: ObjectKey?
  }

  private let pool: DatabasePool
  private let retainedEvents: Int64
  let changes = ChangeSignal()

  init(path: String, retainedEvents: Int64 = 20_000) throws {
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    configuration.maximumReaderCount = 8
    pool = try DatabasePool(path: path, configuration: configuration)
    self.retainedEvents = max(1, retainedEvents)
    try migrate()
  }

  private func migrate() throws {
    try pool.write { database in
      try database.execute(
        sql: """
          CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
          INSERT OR IGNORE INTO state VALUES ('revision', 1), ('compacted', 0), ('address', 0);
          CREATE TABLE IF NOT EXISTS objects (
            resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
            revision INTEGER NOT NULL, json BLOB NOT NULL,
            PRIMARY KEY (resource, namespace, name)) WITHOUT ROWID;
          CREATE TABLE IF NOT EXISTS events (
            revision INTEGER PRIMARY KEY, kind TEXT NOT NULL, resource TEXT NOT NULL,
            namespace TEXT NOT NULL, name TEXT NOT NULL, json BLOB NOT NULL, previous BLOB);
          CREATE INDEX IF NOT EXISTS events_by_resource ON events (resource, revision);
          CREATE TABLE IF NOT EXISTS intents (
            uid TEXT NOT NULL, manager TEXT NOT NULL, json BLOB NOT NULL,
            PRIMARY KEY (uid, manager)) WITHOUT ROWID;
          """)
    }
  }

  // MARK: Reading

  func revision() async throws -> Int64 {
    try await pool.read { try Self.state("revision", $0) }
  }

  func get(_ resource: KubernetesResource, _ key: ObjectKey) async throws -> Record? {
    let id = Self.id(resource)
    return try await pool.read { try Self.fetch(id, key, $0) }
  }

  /// The objects of a resource in the order of their names, after `after`, at most `limit`.
  ///
  /// Throws `expired` when events after the revision `since` were compacted.
  func list(
    _ resource: KubernetesResource, namespace: String?, after: ObjectKey? = nil,
    limit: Int? = nil, since: Int64? = nil
  ) async throws -> Page {
    let id = Self.id(resource)
    return try await pool.read { database in
      if let since {
        let compacted = try Self.state("compacted", database)
        guard since >= compacted, since <= (try Self.state("revision", database)) else {
          throw APIStatus.expired(since, oldest: compacted)
        }
      }
      var sql = "SELECT revision, namespace, name, json FROM objects WHERE resource = ?"
      var arguments: StatementArguments = [id]
      if let namespace, !namespace.isEmpty {
        sql += " AND namespace = ?"
        arguments += [namespace]
      }
      if let after {
        sql += " AND (namespace, name) > (?, ?)"
        arguments += [after.namespace, after.name]
      }
      sql += " ORDER BY namespace, name"
      if let limit {
        sql += " LIMIT ?"
        arguments += [limit + 1]
      }
      var records = try Row.fetchAll(database, sql: sql, arguments: arguments).map(Self.record)
      var last: ObjectKey?
      if let limit, records.count > limit {
        records.removeLast(records.count - limit)
        last = records.last.map { ObjectKey(namespace: $0.namespace, name: $0.name) }
      }
      return Page(records: records, revision: try Self.state("revision", database), last: last)
    }
  }

  /// Events of a resource after `revision`, at most `limit`, and the revision they lead up to.
  ///
  /// Throws `expired` when events after `revision` were compacted.
  func events(
    _ resource: KubernetesResource, after revision: Int64, limit: Int = 256
  ) async throws -> (events: [Event], revision: Int64) {
    let id = Self.id(resource)
    return try await pool.read { database in
      let compacted = try Self.state("compacted", database)
      let current = try Self.state("revision", database)
      guard revision >= compacted, revision <= current else {
        throw APIStatus.expired(revision, oldest: compacted)
      }
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT revision, kind, namespace, name, json, previous FROM events
          WHERE resource = ? AND revision > ? ORDER BY revision LIMIT ?
          """, arguments: [id, revision, limit])
      let events = rows.map { row in
        let previous: Data? = row["previous"]
        return Event(
          kind: Event.Kind(rawValue: row["kind"]) ?? .modified, record: Self.record(row),
          previous: previous.map { Array($0) })
      }
      let isComplete = events.count < limit
      return (events, isComplete ? current : events.last?.record.revision ?? current)
    }
  }

  // MARK: Writing

  /// Changes one object. `change` sees it as it is and decides, all in one transaction.
  ///
  /// A `put` that changes nothing keeps the revision. With `isDryRun` nothing is stored.
  func write(
    _ resource: KubernetesResource, _ key: ObjectKey, isDryRun: Bool = false,
    change: @escaping @Sendable (Record?, Transaction) throws -> Change
  ) async throws -> Record? {
    let id = Self.id(resource)
    let retained = retainedEvents
    let (record, isChanged) = try await pool.write { database -> (Record?, Bool) in
      let current = try Self.fetch(id, key, database)
      switch try change(current, Transaction(database: database)) {
      case .keep: return (current, false)
      case .delete:
        guard var record = current, !isDryRun else { return (current, false) }
        record.revision = try Self.nextRevision(database)
        let gone = try Self.stamped(JSONValue(parsing: record.json), record.revision)
        try Self.remove(id, record: record, json: gone, retained, database)
        return (record, true)
      case .put(let object):
        let unchanged = try current.map {
          try Self.isEqual(JSONValue(parsing: $0.json), object)
        }
        if unchanged == true { return (current, false) }
        let revision = isDryRun ? current?.revision ?? 0 : try Self.nextRevision(database)
        let json = Self.stamped(object, revision)
        let record = Record(
          revision: revision, namespace: key.namespace, name: key.name, json: json)
        if !isDryRun { try Self.put(id, record, previous: current?.json, retained, database) }
        return (record, !isDryRun)
      }
    }
    if isChanged { changes.signal() }
    return record
  }

  /// Deletes every object in a namespace.
  func deleteContents(ofNamespace namespace: String) async throws {
    let retained = retainedEvents
    try await pool.write { database in
      let rows = try Row.fetchAll(
        database,
        sql: "SELECT resource, revision, namespace, name, json FROM objects WHERE namespace = ?",
        arguments: [namespace])
      for row in rows {
        var record = Self.record(row)
        record.revision = try Self.nextRevision(database)
        let gone = try Self.stamped(JSONValue(parsing: record.json), record.revision)
        try Self.remove(row["resource"], record: record, json: gone, retained, database)
      }
    }
    changes.signal()
  }

  /// What a change may ask of the rest of the store.
  struct Transaction {
    fileprivate let database: Database

    /// Whether an object exists.
    func exists(_ resource: KubernetesResource, _ key: ObjectKey) throws -> Bool {
      try ObjectStore.fetch(ObjectStore.id(resource), key, database) != nil
    }

    /// What a manager applied to an object the last time.
    func intent(uid: String, manager: String) throws -> [UInt8]? {
      let json = try Data.fetchOne(
        database, sql: "SELECT json FROM intents WHERE uid = ? AND manager = ?",
        arguments: [uid, manager])
      return json.map { Array($0) }
    }

    /// Remembers what a manager applied to an object.
    func setIntent(uid: String, manager: String, _ json: [UInt8]) throws {
      try database.execute(
        sql: "INSERT OR REPLACE INTO intents VALUES (?, ?, ?)",
        arguments: [uid, manager, Data(json)])
    }

    /// The next number of a sequence of addresses.
    func nextAddressNumber() throws -> Int64 {
      try database.execute(sql: "UPDATE state SET value = value + 1 WHERE key = 'address'")
      return try ObjectStore.state("address", database)
    }
  }

  // MARK: Rows

  private static func id(_ resource: KubernetesResource) -> String {
    "\(resource.group)/\(resource.plural)"
  }

  private static func state(_ key: String, _ database: Database) throws -> Int64 {
    try Int64.fetchOne(database, sql: "SELECT value FROM state WHERE key = ?", arguments: [key])
      ?? 0
  }

  private static func nextRevision(_ database: Database) throws -> Int64 {
    try database.execute(sql: "UPDATE state SET value = value + 1 WHERE key = 'revision'")
    return try state("revision", database)
  }

  private static func fetch(_ id: String, _ key: ObjectKey, _ database: Database) throws -> Record?
  {
    try Row.fetchOne(
      database,
      sql: """
        SELECT revision, namespace, name, json FROM objects
        WHERE resource = ? AND namespace = ? AND name = ?
        """, arguments: [id, key.namespace, key.name]
    ).map(record)
  }

  private static func record(_ row: Row) -> Record {
    let json: Data = row["json"]
    return Record(
      revision: row["revision"], namespace: row["namespace"], name: row["name"], json: Array(json))
  }

  private static func put(
    _ id: String, _ record: Record, previous: [UInt8]?, _ retained: Int64, _ database: Database
  ) throws {
    try database.execute(
      sql: "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?)",
      arguments: [id, record.namespace, record.name, record.revision, Data(record.json)])
    let kind: Event.Kind = previous == nil ? .added : .modified
    try append(kind, id, record, json: record.json, previous: previous, retained, database)
  }

  private static func remove(
    _ id: String, record: Record, json: [UInt8], _ retained: Int64, _ database: Database
  ) throws {
    try database.execute(
      sql: "DELETE FROM objects WHERE resource = ? AND namespace = ? AND name = ?",
      arguments: [id, record.namespace, record.name])
    if let uid = try? JSONValue(parsing: record.json)[path: ["metadata", "uid"]]?.stringValue {
      try database.execute(sql: "DELETE FROM intents WHERE uid = ?", arguments: [uid])
    }
    try append(.deleted, id, record, json: json, previous: record.json, retained, database)
  }

  private static func append(
    _ kind: Event.Kind, _ id: String, _ record: Record, json: [UInt8], previous: [UInt8]?,
    _ retained: Int64, _ database: Database
  ) throws {
    try database.execute(
      sql: "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)",
      arguments: [
        record.revision, kind.rawValue, id, record.namespace, record.name, Data(json),
        previous.map { Data($0) },
      ])
    // Compacting in steps keeps the cost of one write even.
    if record.revision % 256 == 0 || retained < 256 {
      let oldest = record.revision - retained
      guard oldest > 0 else { return }
      try database.execute(sql: "DELETE FROM events WHERE revision <= ?", arguments: [oldest])
      try database.execute(
        sql: "UPDATE state SET value = max(value, ?) WHERE key = 'compacted'", arguments: [oldest])
    }
  }

  /// The object's JSON with the revision as its `resourceVersion`, without `apiVersion` and `kind`.
  private static func stamped(_ object: JSONValue, _ revision: Int64) -> [UInt8] {
    var object = object
    object["apiVersion"] = nil
    object["kind"] = nil
    if revision > 0 {
      object[path: ["metadata", "resourceVersion"]] = .string(String(revision))
    }
    return object.serialized()
  }

  private static func isEqual(_ left: JSONValue, _ right: JSONValue) -> Bool {
    func plain(_ value: JSONValue) -> JSONValue {
      var value = value
      value["apiVersion"] = nil
      value["kind"] = nil
      value[path: ["metadata", "resourceVersion"]] = nil
      return value
    }
    return plain(left) == plain(right)
  }
}
