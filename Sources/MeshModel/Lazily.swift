internal import Synchronization

/// A value that is computed when it is first asked for and then shared by every copy of its owner.
///
/// An owner whose contents change takes a new one.
final class Lazily<Value: Sendable>: Sendable {
  private let state = Mutex<Value?>(nil)

  /// The value; `make` gives it the first time.
  func value(_ make: () -> Value) -> Value {
    state.withLock { state in
      if let value = state { return value }
      let value = make()
      state = value
      return value
    }
  }
}
