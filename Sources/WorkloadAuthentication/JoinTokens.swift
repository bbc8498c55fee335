internal import GRDB
internal import OpenSSLCrypto
internal import Synchronization

/// Tokens with which workloads outside a cluster prove who they are, kept as digests in SQLite.
///
/// A token is `skein.<id>.<secret>`; the id may be shown, the secret is 32 random bytes. It works
/// any number of times until it expires or is revoked. One that was found is remembered for a second:
/// a revocation by another process takes effect within that time, one by this object at once.
package final class JoinTokens: TokenAuthenticator {
  /// A token as it is listed; the secret is not known here.
  package struct Entry: Hashable, Sendable {
    /// Names the token.
    package let id: String
    /// Whom it was given to.
    package let holder: TokenHolder
    /// When it was made, seconds since 1970.
    package let createdAt: Int64
    /// When it stops working, seconds since 1970.
    package let expiresAt: Int64
  }

  /// The name of the database in a data directory.
  package static let fileName = "join-tokens.db"

  private static let maximumTokenLength = 256

  private let database: DatabaseQueue
  private let clock: @Sendable () -> Int64
  private let memory: Mutex<TokenMemory>
  private let instant: @Sendable () -> ContinuousClock.Instant

  /// The tokens in a database file, which is created when it does not exist.
  ///
  /// `clock` decides whether a token has expired, `instant` how long one is remembered.
  ///
  /// - Throws: the error of SQLite.
  package init(
    path: String, clock: @escaping @Sendable () -> Int64,
    instant: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
  ) throws {
    var configuration = Configuration()
    configuration.journalMode = .wal
    configuration.busyMode = .timeout(5)
    self.database = try DatabaseQueue(path: path, configuration: configuration)
    self.clock = clock
    self.instant = instant
    self.memory = Mutex(TokenMemory())
    try database.write { database in
      try database.execute(
        sql: """
          CREATE TABLE IF NOT EXISTS join_token (
            digest TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, namespace TEXT NOT NULL,
            service_account TEXT NOT NULL, created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL
          ) WITHOUT ROWID
          """)
    }
  }

  /// Makes a token that works for `lifetime` seconds; this is the only time it is seen.
  package func create(for holder: TokenHolder, lifetime: Int64) async throws -> String {
    let id = Hexadecimal.text(try SecureRandom.bytes(6))
    let token = "skein.\(id).\(Hexadecimal.text(try SecureRandom.bytes(32)))"
    let now = clock()
    let digest = SHA256Digest.hash(Array(token.utf8))
    try await database.write { database in
      try database.execute(
        sql: "DELETE FROM join_token WHERE expires_at <= ?", arguments: [now - 86_400])
      try database.execute(
        sql: "INSERT INTO join_token VALUES (?, ?, ?, ?, ?, ?)",
        arguments: [
          Hexadecimal.text(digest), id, holder.namespace, holder.serviceAccount, now,
          now + lifetime,
        ])
    }
    return token
  }

  /// All tokens, the expired ones of the last day included, by the time they were made.
  package func list() async throws -> [Entry] {
    try await database.read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM join_token ORDER BY created_at, id").map {
        Entry(
          id: $0["id"],
          holder: TokenHolder(
            namespace: $0["namespace"], serviceAccount: $0["service_account"]),
          createdAt: $0["created_at"], expiresAt: $0["expires_at"])
      }
    }
  }

  /// Ends a token by its id; false when there is none.
  package func revoke(id: String) async throws -> Bool {
    let existed = try await database.write { database in
      try database.execute(sql: "DELETE FROM join_token WHERE id = ?", arguments: [id])
      return database.changesCount > 0
    }
    memory.withLock { $0.forgetAll() }
    return existed
  }

  package func remembered(token: String) -> TokenHolder? {
    guard let digest = Self.digest(of: token) else { return nil }
    let (now, instant) = (clock(), instant())
    return memory.withLock { $0.holder(of: digest, now: now, instant: instant) }
  }

  package func authenticate(
    token: String
  ) async throws(TokenAuthenticationFailure) -> TokenHolder? {
    guard let digest = Self.digest(of: token) else { return nil }
    let (now, instant) = (clock(), instant())
    let generation = memory.withLock { $0.generation }
    do {
      // The digest is looked up, so how long that takes says nothing about the token.
      let found = try await database.read { database -> (TokenHolder, expiresAt: Int64)? in
        let statement = try database.cachedStatement(
          sql: """
            SELECT namespace, service_account, expires_at FROM join_token
            WHERE digest = ? AND expires_at > ?
            """)
        return try Row.fetchOne(statement, arguments: [Hexadecimal.text(digest), now]).map {
          (TokenHolder(namespace: $0[0], serviceAccount: $0[1]), $0[2])
        }
      }
      guard let (holder, expiresAt) = found else { return nil }
      memory.withLock {
        $0.remember(
          digest, holder, expiresAt: expiresAt, instant: instant, generation: generation)
      }
      return holder
    } catch {
      throw TokenAuthenticationFailure("\(error)")
    }
  }

  /// What a token is looked up by; nil where it cannot be one.
  private static func digest(of token: String) -> [UInt8]? {
    guard token.utf8.count <= maximumTokenLength, token.hasPrefix("skein.") else { return nil }
    return SHA256Digest.hash(Array(token.utf8))
  }
}
