internal import Synchronization
internal import XDSProtocol

/// A change of the mesh that proxies wait for, and who has it.
final class Expectation: Sendable {
  /// How a proxy sees that it holds the change.
  struct Sign: Sendable {
    enum Kind: Hashable, Sendable {
      /// A resource has `text` in its bytes; any resource of the name where it is empty.
      case present
      /// A resource of the name comes without `text`.
      case absent
      /// The resource ends.
      case removed
    }

    var types: Set<ResourceType>
    /// Part of the resource's name; empty for any.
    var name: String
    var text: String
    var kind: Kind
  }

  fileprivate struct State {
    var waiting: Int
    var arrivals: [ContinuousClock.Instant] = []
    var continuation: CheckedContinuation<Void, Never>?
    var isOver = false
  }

  let id: Int
  let sign: Sign
  private let name: [UInt8]
  private let text: [UInt8]
  private let state: Mutex<State>

  /// Waits for `proxies` proxies to see `sign`.
  init(id: Int, sign: Sign, proxies: Int) {
    self.id = id
    self.sign = sign
    name = Array(sign.name.utf8)
    text = Array(sign.text.utf8)
    state = Mutex(State(waiting: proxies))
  }

  /// Whether a response brings the change.
  func isMet(by response: ReceivedResponse, isDelta: Bool) -> Bool {
    switch sign.kind {
    case .removed:
      if isDelta { return response.removed.contains { $0.contains(name) } }
      return !response.resources.contains { $0.name.contains(name) }
    case .present:
      return response.resources.contains { $0.name.contains(name) && $0.body.contains(text) }
    case .absent:
      return response.resources.contains { $0.name.contains(name) && !$0.body.contains(text) }
    }
  }

  /// Notes that one more proxy has the change.
  func arrived(_ time: ContinuousClock.Instant) {
    let continuation = state.withLock { state in
      guard !state.isOver else { return nil as CheckedContinuation<Void, Never>? }
      state.arrivals.append(time)
      guard state.arrivals.count >= state.waiting else { return nil }
      return state.end()
    }
    continuation?.resume()
  }

  /// Waits for the last proxy, at most `timeout`; answers the arrivals and how many are missing.
  func outcome(
    within timeout: Duration
  ) async -> (arrivals: [ContinuousClock.Instant], missing: Int) {
    let timer = Task {
      try await Task.sleep(for: timeout)
      state.withLock { $0.end() }?.resume()
    }
    await withCheckedContinuation { continuation in
      let isOver = state.withLock { state in
        if state.isOver || state.arrivals.count >= state.waiting { return true }
        state.continuation = continuation
        return false
      }
      if isOver { continuation.resume() }
    }
    timer.cancel()
    return state.withLock { ($0.arrivals, max(0, $0.waiting - $0.arrivals.count)) }
  }
}

extension Expectation.State {
  mutating func end() -> CheckedContinuation<Void, Never>? {
    isOver = true
    defer { continuation = nil }
    return continuation
  }
}

extension ArraySlice<UInt8> {
  /// Whether `part` stands somewhere in the bytes; an empty part stands everywhere.
  fileprivate func contains(_ part: [UInt8]) -> Bool {
    guard let first = part.first else { return true }
    var rest = self
    while rest.count >= part.count, let start = rest.firstIndex(of: first) {
      rest = rest[start...]
      if rest.starts(with: part) { return true }
      rest = rest.dropFirst()
    }
    return false
  }
}
