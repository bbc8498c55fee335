internal import Synchronization

/// Lets so many requests through at a time; the others wait in the order in which they came.
final class RequestBudget: Sendable {
  private struct Waiter {
    let id: UInt64
    let continuation: CheckedContinuation<Bool, Never>
  }

  private struct State {
    var free: Int
    var nextID: UInt64 = 0
    var waiters: [Waiter] = []
    /// Waiters that were cancelled before they began to wait.
    var cancelled: Set<UInt64> = []
  }

  private let state: Mutex<State>

  /// A budget of `limit` requests; nil for no limit.
  init(limit: Int?) {
    state = Mutex(State(free: limit ?? .max))
  }

  /// Runs `body` once there is room.
  ///
  /// - Throws: `unreachable` when the task is cancelled while it waits, and what `body` throws.
  func spend<Result>(
    _ body: () async throws(KubernetesClientError) -> Result
  ) async throws(KubernetesClientError) -> Result {
    guard await acquire() else { throw .unreachable("cancelled while waiting for its turn") }
    defer { release() }
    return try await body()
  }

  private func acquire() async -> Bool {
    let id: UInt64? = state.withLock { state in
      if state.free > 0 {
        state.free -= 1
        return nil
      }
      state.nextID &+= 1
      return state.nextID
    }
    guard let id else { return true }
    let isAdmitted = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let answer: Bool? = state.withLock { state in
          if state.cancelled.remove(id) != nil { return false }
          if state.free > 0 {
            state.free -= 1
            return true
          }
          state.waiters.append(Waiter(id: id, continuation: continuation))
          return nil
        }
        if let answer { continuation.resume(returning: answer) }
      }
    } onCancel: {
      let waiter: Waiter? = state.withLock { state in
        guard let index = state.waiters.firstIndex(where: { $0.id == id }) else {
          state.cancelled.insert(id)
          return nil
        }
        return state.waiters.remove(at: index)
      }
      waiter?.continuation.resume(returning: false)
    }
    // A cancellation may have come after the turn did.
    state.withLock { _ = $0.cancelled.remove(id) }
    return isAdmitted
  }

  private func release() {
    let next: Waiter? = state.withLock { state in
      guard !state.waiters.isEmpty else {
        state.free += 1
        return nil
      }
      return state.waiters.removeFirst()
    }
    next?.continuation.resume(returning: true)
  }
}
