internal import Synchronization
internal import XDSProtocol

/// Resources by their inputs: whatever view asks for an input that was built before gets the same bytes.
///
/// The cache keeps a resource alive only as long as somebody holds it.
package final class ResourceCache: Sendable {
  /// What the cache did, for metrics and tests.
  package struct Counters: Hashable, Sendable {
    package var lookups: UInt64 = 0
    package var built: UInt64 = 0
    package var builtBytes: UInt64 = 0

    package init() {}
  }

  private struct WeakResource {
    weak let resource: EncodedResource?
  }

  private struct State {
    var resources: [AnyHashableInput: WeakResource] = [:]
    var sweepAt = 1024
    var counters = Counters()
  }

  private let state = Mutex(State())

  package init() {}

  package var counters: Counters { state.withLock(\.counters) }

  /// The resource of an input, built if need be.
  func resource<Input: ResourceInput>(for input: Input) -> EncodedResource {
    let key = AnyHashableInput(input)
    let known = state.withLock { state in
      state.counters.lookups &+= 1
      return state.resources[key]?.resource
    }
    if let known { return known }
    let built = input.build()
    state.withLock { state in
      state.counters.built &+= 1
      state.counters.builtBytes &+= UInt64(built.deltaEntry.count)
      state.resources[key] = WeakResource(resource: built)
      if state.resources.count > state.sweepAt {
        state.resources = state.resources.filter { $0.value.resource != nil }
        state.sweepAt = max(1024, state.resources.count * 2)
      }
    }
    return built
  }
}

/// An input of any kind, with its hash computed once.
private struct AnyHashableInput: Hashable, Sendable {
  private let input: any ResourceInput
  private let digest: Int

  init<Input: ResourceInput>(_ input: Input) {
    self.input = input
    digest = input.hashValue
  }

  static func == (left: Self, right: Self) -> Bool {
    left.digest == right.digest && isEqual(left.input, right.input)
  }

  private static func isEqual<Input: ResourceInput>(
    _ left: Input, _ right: any ResourceInput
  ) -> Bool {
    (right as? Input) == left
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(digest)
  }
}
