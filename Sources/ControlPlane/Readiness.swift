internal import Synchronization

/// What the control plane waits for before it serves proxies.
final class Readiness: Sendable {
  /// A thing to wait for.
  enum Condition: String, CaseIterable, Sendable {
    case synced = "caches synced"
    case translated = "configuration translated"
  }

  private let missing = Mutex(Set(Condition.allCases))

  var isReady: Bool { missing.withLock(\.isEmpty) }

  /// What is waited for, by name.
  var waitingFor: [String] { missing.withLock { $0.map(\.rawValue).sorted() } }

  func meet(_ condition: Condition) {
    missing.withLock { _ = $0.remove(condition) }
  }

  func isMet(_ condition: Condition) -> Bool {
    missing.withLock { !$0.contains(condition) }
  }
}
