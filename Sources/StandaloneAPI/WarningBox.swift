internal import Synchronization

/// Carries warnings out of a transaction.
final class WarningBox: Sendable {
  private let state = Mutex<[String]>([])

  var value: [String] { state.withLock { $0 } }

  func set(_ warnings: [String]) {
    state.withLock { $0 = warnings }
  }
}
