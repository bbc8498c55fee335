internal import Synchronization

/// The names of things that are kept as they should be, and which of them have work to be done.
final class ReconciledSet: Sendable {
  private struct State {
    var members: Set<String> = []
    /// Members that were seen to be as they should.
    var met: Set<String> = []
    var dirty: Set<String> = []
    var failed: Set<String> = []
  }

  private let state = Mutex(State())
  private let signals: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  init() {
    (signals, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// What has gathered since the last time, each time that something has.
  var batches: some AsyncSequence<[String], Never> {
    signals.map { [self] in
      state.withLock { state in
        defer { state.dirty = [] }
        return state.dirty.sorted()
      }
    }
  }

  func add(_ name: String) {
    update { state in
      if state.members.insert(name).inserted, !state.met.contains(name) { state.dirty.insert(name) }
    }
  }

  func remove(_ name: String) {
    update { state in
      state.members.remove(name)
      state.dirty.remove(name)
      state.failed.remove(name)
    }
  }

  func keep(only names: Set<String>) {
    update { state in
      state.members.formIntersection(names)
      state.dirty.formIntersection(state.members)
      state.failed.formIntersection(state.members)
    }
  }

  /// A member is not as it should be.
  func mark(_ name: String) {
    update { state in
      state.met.remove(name)
      if state.members.contains(name) { state.dirty.insert(name) }
    }
  }

  func markAll() {
    update { state in
      state.met = []
      state.dirty = state.members
    }
  }

  func met(_ name: String) { update { $0.met.insert(name) } }

  func forgetMet() { update { $0.met = [] } }

  func markUnmet() { update { $0.dirty.formUnion($0.members.subtracting($0.met)) } }

  func failed(_ name: String) { update { $0.failed.insert(name) } }

  /// What failed has work to be done again.
  func retry() {
    update { state in
      state.dirty.formUnion(state.failed)
      state.failed = []
    }
  }

  private func update(_ change: (inout State) -> Void) {
    let hasWork = state.withLock { state in
      change(&state)
      return !state.dirty.isEmpty
    }
    if hasWork { continuation.yield() }
  }
}
