internal import Synchronization

/// Wakes everyone who waits for the store to change; a wake-up says nothing about what changed.
///
/// A waiter holds at most one pending wake-up, so a slow watch costs no memory.
final class ChangeSignal: Sendable {
  private struct State {
    var next = 0
    var isClosed = false
    var waiters: [Int: AsyncStream<Void>.Continuation] = [:]
  }

  private let state = Mutex(State())

  /// A stream with an element after each change, or each run of changes.
  func subscribe() -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    let id = state.withLock { state -> Int? in
      guard !state.isClosed else { return nil }
      state.next += 1
      state.waiters[state.next] = continuation
      return state.next
    }
    guard let id else {
      continuation.finish()
      return stream
    }
    continuation.onTermination = { [weak self] _ in
      self?.state.withLock { $0.waiters[id] = nil }
    }
    return stream
  }

  /// Wakes everyone.
  func signal() {
    let waiters = state.withLock { Array($0.waiters.values) }
    for waiter in waiters { waiter.yield() }
  }

  /// Ends every stream, now and in the future.
  func close() {
    let waiters = state.withLock { state in
      state.isClosed = true
      return Array(state.waiters.values)
    }
    for waiter in waiters { waiter.finish() }
  }

  /// How many streams are open.
  var waiterCount: Int { state.withLock { $0.waiters.count } }
}
