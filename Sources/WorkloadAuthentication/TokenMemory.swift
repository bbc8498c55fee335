/// Tokens that were found valid a moment ago, by their digests.
///
/// Only found ones: an unknown token may be made by another process at any time, and strangers could
/// fill the memory with them. Past half of an entry's life one caller is sent to look again, so that
/// not all callers of a busy second wait for the database together.
struct TokenMemory {
  private struct Entry {
    let holder: TokenHolder
    let expiresAt: Int64
    let found: ContinuousClock.Instant
    var isLookedForAgain = false
  }

  static let lifetime = Duration.seconds(1)
  private static let capacity = 10_000

  private var entries: [[UInt8]: Entry] = [:]
  /// Changes whenever something is forgotten on purpose.
  private(set) var generation = 0

  /// The holder of a token that has not expired at `now` and was found within the lifetime; nil also
  /// for the one caller that has to look again.
  mutating func holder(
    of digest: [UInt8], now: Int64, instant: ContinuousClock.Instant
  ) -> TokenHolder? {
    guard let entry = entries[digest], entry.expiresAt > now else { return nil }
    let age = instant - entry.found
    guard age < Self.lifetime else { return nil }
    if age >= Self.lifetime / 2, !entry.isLookedForAgain {
      entries[digest]?.isLookedForAgain = true
      return nil
    }
    return entry.holder
  }

  /// Remembers a token that was looked for at `instant`, unless something was forgotten since
  /// `generation`: it may have been this one.
  mutating func remember(
    _ digest: [UInt8], _ holder: TokenHolder, expiresAt: Int64, instant: ContinuousClock.Instant,
    generation: Int
  ) {
    guard generation == self.generation else { return }
    if entries.count >= Self.capacity, entries[digest] == nil {
      entries = [:]
    }
    entries[digest] = Entry(holder: holder, expiresAt: expiresAt, found: instant)
  }

  /// Forgets everything.
  mutating func forgetAll() {
    entries = [:]
    generation += 1
  }
}
