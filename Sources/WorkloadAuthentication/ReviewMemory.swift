/// What a cluster said of tokens a moment ago, by their digests.
struct ReviewMemory {
  enum Answer: Hashable {
    case good(TokenHolder)
    case bad

    var holder: TokenHolder? {
      if case .good(let holder) = self { holder } else { nil }
    }
  }

  private struct Entry {
    let answer: Answer
    let expiresAt: Int64
    let at: ContinuousClock.Instant
  }

  static let lifetime = Duration.seconds(5)
  private static let capacity = 20_000

  private var entries: [[UInt8]: Entry] = [:]

  func answer(
    for digest: [UInt8], now: Int64, at instant: ContinuousClock.Instant
  ) -> Answer? {
    guard let entry = entries[digest], instant - entry.at < Self.lifetime,
      entry.expiresAt > now
    else { return nil }
    return entry.answer
  }

  mutating func remember(
    _ digest: [UInt8], _ answer: Answer, expiresAt: Int64, at instant: ContinuousClock.Instant
  ) {
    if entries.count >= Self.capacity, entries[digest] == nil {
      entries = entries.filter { instant - $0.value.at < Self.lifetime }
      // Strangers may fill the memory with tokens that are none; those who are known come again.
      if entries.count >= Self.capacity { entries = [:] }
    }
    entries[digest] = Entry(answer: answer, expiresAt: expiresAt, at: instant)
  }
}
