internal import GRDB
package import Logging
internal import OpenSSLCrypto
internal import ServiceLifecycle
internal import Synchronization

/// One issued certificate, as the ledger remembers it.
package struct Issuance: Hashable, Sendable {
  /// The serial number in hexadecimal.
  package let serialNumber: String
  /// The names in the certificate.
  package let names: [String]
  /// When it was issued, seconds since 1970.
  package let issuedAt: Int64
  /// When it ends, seconds since 1970.
  package let notAfter: Int64

  init(_ certificate: Certificate, issuedAt: Int64) {
    self.serialNumber = Hexadecimal.text(certificate.serialNumber)
    self.names = certificate.uris + certificate.dnsNames
    self.issuedAt = issuedAt
    self.notAfter = certificate.notAfter
  }

  fileprivate init(row: Row) {
    serialNumber = row["serial"]
    names = (row["names"] as String).split(separator: " ").map(String.init)
    issuedAt = row["issued_at"]
    notAfter = row["not_after"]
  }
}

/// Remembers issued certificates in SQLite.
///
/// `record` never waits and never fails; what comes within two milliseconds is committed together
/// while `run()` runs. When the file cannot be written, entries wait, at most 10,000 of them, and
/// issuing goes on.
package final class IssuanceLedger: Service {
  private struct State {
    var waiting: [Issuance] = []
    var lost = 0
    var failure: String?
  }

  private static let groupDelay = Duration.milliseconds(2)
  private static let retryDelay = Duration.seconds(1)
  private static let maximumWaiting = 10_000

  private let database: DatabaseQueue
  private let logger: Logger
  private let state = Mutex(State())
  private let wakeups: AsyncStream<Void>
  private let wake: AsyncStream<Void>.Continuation

  /// A ledger in a file, which is created when it does not exist.
  ///
  /// - Throws: the error of SQLite.
  package init(path: String, logger: Logger = Logger(label: "skein.ca.ledger")) throws {
    var configuration = Configuration()
    configuration.journalMode = .wal
    configuration.busyMode = .timeout(5)
    self.database = try DatabaseQueue(path: path, configuration: configuration)
    self.logger = logger
    (wakeups, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    try database.write { database in
      // Serial numbers are random: with one as the key each entry would dirty a page of its own.
      try database.execute(
        sql: """
          CREATE TABLE IF NOT EXISTS issued (
            serial TEXT NOT NULL, names TEXT NOT NULL, issued_at INTEGER NOT NULL,
            not_after INTEGER NOT NULL
          )
          """)
      if try database.tableExists("issuance") {
        try database.execute(
          sql: "INSERT INTO issued SELECT * FROM issuance ORDER BY issued_at, serial")
        try database.execute(sql: "DROP TABLE issuance")
      }
    }
  }

  /// Entries that were given up because the file could not be written.
  package var lostEntries: Int { state.withLock { $0.lost } }

  /// Why the last commit failed; nil after one that succeeded.
  package var failure: String? { state.withLock { $0.failure } }

  /// Takes an entry to be committed soon.
  package func record(_ issuance: Issuance) {
    state.withLock { state in
      state.waiting.append(issuance)
      if state.waiting.count > Self.maximumWaiting {
        state.waiting.removeFirst(state.waiting.count / 2)
        state.lost += Self.maximumWaiting / 2
      }
    }
    wake.yield()
  }

  /// Commits what is recorded until a graceful shutdown, and once more then.
  package func run() async throws {
    for await _ in wakeups.cancelOnGracefulShutdown() {
      try? await Task.sleep(for: Self.groupDelay)
      if await !commit() {
        try? await Task.sleep(for: Self.retryDelay)
        wake.yield()
      }
    }
    await commit()
  }

  /// Commits what is recorded; says whether it worked.
  @discardableResult
  package func commit() async -> Bool {
    let batch = state.withLock { state in
      defer { state.waiting = [] }
      return state.waiting
    }
    guard !batch.isEmpty else { return true }
    do {
      try await database.write { database in
        let statement = try database.cachedStatement(
          sql: "INSERT INTO issued VALUES (?, ?, ?, ?)")
        for entry in batch {
          try statement.execute(arguments: [
            entry.serialNumber, entry.names.joined(separator: " "), entry.issuedAt, entry.notAfter,
          ])
        }
      }
      state.withLock { $0.failure = nil }
      return true
    } catch {
      state.withLock { state in
        state.waiting = batch + state.waiting
        state.failure = "\(error)"
      }
      logger.warning(
        "The ledger of issued certificates cannot be written; issuing goes on",
        metadata: ["error": "\(error)"])
      return false
    }
  }

  /// The latest entries, newest first.
  package func latest(_ count: Int) async throws -> [Issuance] {
    try await database.read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM issued ORDER BY rowid DESC LIMIT ?",
        arguments: [count]
      ).map { Issuance(row: $0) }
    }
  }
}
