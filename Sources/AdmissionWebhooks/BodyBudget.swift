internal import Synchronization

/// How many bytes of bodies may be held at one time, by all requests together.
final class BodyBudget: Sendable {
  private let left: Mutex<Int>

  init(limit: Int) { left = Mutex(limit) }

  /// What one request has taken; it starts with nothing.
  func share() -> Share { Share(budget: self) }

  /// The part of one request.
  final class Share: Sendable {
    private let budget: BodyBudget
    private let taken = Mutex(0)

    fileprivate init(budget: BodyBudget) { self.budget = budget }

    /// Takes so many bytes; false when they are not left.
    func take(_ count: Int) -> Bool {
      let isTaken = budget.left.withLock { left in
        guard left >= count else { return false }
        left -= count
        return true
      }
      if isTaken { taken.withLock { $0 += count } }
      return isTaken
    }

    /// Gives everything back that was taken.
    func giveBack() {
      let count = taken.withLock { taken in
        defer { taken = 0 }
        return taken
      }
      budget.left.withLock { $0 += count }
    }
  }
}
