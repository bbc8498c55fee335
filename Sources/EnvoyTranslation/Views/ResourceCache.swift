internal import Synchronization
internal import XDSProtocol

/// Resources by their inputs: whatever view asks for an input that was built before gets the same bytes.
///
/// The cache keeps a resource alive only as long as somebody holds it, and of an input no more than its
/// hash: two inputs of one resource name with one hash, which nobody outside of the process can predict,
/// are taken for equal.
package final class ResourceCache: Sendable {
  /// What the cache did, for metrics and tests.
  package struct Counters: Hashable, Sendable {
    package var lookups: UInt64 = 0
    package var built: UInt64 = 0
    package var builtBytes: UInt64 = 0

    package init() {}
  }

  private struct Key: Hashable {
    var type: ResourceType
    var digest: Int
  }

  private struct WeakResource {
    weak let resource: EncodedResource?
  }

  private struct State {
    var resources: [Key: WeakResource] = [:]
    var sweepAt = 1024
    var counters = Counters()

    mutating func sweep() {
      resources = resources.filter { $0.value.resource != nil }
      sweepAt = max(1024, resources.count * 2)
    }
  }

  private let state = Mutex(State())

  package init() {}

  package var counters: Counters { state.withLock(\.counters) }

  /// How many entries there are, those of resources that ended included.
  package var count: Int { state.withLock(\.resources.count) }

  /// Forgets the entries of resources that ended, as happens by itself each time the count has doubled.
  package func sweep() { state.withLock { $0.sweep() } }

  /// The resource of an input, built if need be.
  func resource<Input: ResourceInput>(for input: Input) -> EncodedResource {
    let key = Key(type: input.type, digest: input.hashValue)
    let known = state.withLock { state in
      state.counters.lookups &+= 1
      return state.resources[key]?.resource
    }
    if let known, known.name == input.name { return known }
    let built = input.build()
    state.withLock { state in
      state.counters.built &+= 1
      state.counters.builtBytes &+= UInt64(built.deltaEntry.count)
      state.resources[key] = WeakResource(resource: built)
      if state.resources.count > state.sweepAt {
        state.sweep()
      }
    }
    return built
  }
}
