internal import KubernetesAPI
internal import Synchronization

/// What the control plane waits for before it serves proxies.
final class Readiness: Sendable {
  /// A thing to wait for.
  enum Condition: String, CaseIterable, Sendable {
    case identity = "certificate authority read"
    case synced = "caches synced"
    case translated = "configuration translated"
  }

  private struct State {
    var missing = Set(Condition.allCases)
    var sources: Set<KubernetesResource>
    var areSecretsKnown = false
  }

  private let state: Mutex<State>

  /// Waits for the first listing of each source; secrets are waited for by gateways alone.
  init(sources: [KubernetesResource] = []) {
    state = Mutex(State(sources: Set(sources).subtracting([.secrets])))
  }

  var isReady: Bool { state.withLock(\.missing.isEmpty) }

  /// Whether gateways can be served: without its secrets one would lose the listeners that it has.
  var areSecretsKnown: Bool { state.withLock(\.areSecretsKnown) }

  /// What is waited for, by name.
  var waitingFor: [String] {
    state.withLock { state in
      let sources = state.sources.map(\.plural).sorted()
      return state.missing.map { condition in
        condition == .synced && !sources.isEmpty
          ? "\(condition.rawValue) (\(sources.joined(separator: ", ")))" : condition.rawValue
      }.sorted()
    }
  }

  func meet(_ condition: Condition) {
    state.withLock { _ = $0.missing.remove(condition) }
  }

  func isMet(_ condition: Condition) -> Bool {
    state.withLock { !$0.missing.contains(condition) }
  }

  /// Takes note that a source was listed; true for the last of those that are waited for.
  func listed(_ source: KubernetesResource) -> Bool {
    state.withLock { state in
      if source == .secrets { state.areSecretsKnown = true }
      guard state.sources.remove(source) != nil, state.sources.isEmpty else { return false }
      state.missing.remove(.synced)
      return true
    }
  }
}
