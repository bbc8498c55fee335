internal import DequeModule
internal import MeshModel
internal import Synchronization
internal import XDSProtocol

/// The resources of a view as proxies see them, with the latest changes.
///
/// Proxies read it on their own threads while the next revision is planned.
final class View: Sendable {
  private struct Published {
    var revision: UInt64 = 0
    var resources = ResourceSet()
    /// Names alone: whoever is behind holds the old resources, and nobody else needs them.
    var log: Deque<(revision: UInt64, names: [ResourceName])> = []
    var logged = 0
  }

  /// How many changes are kept for proxies that are behind; older ones compare whole sets.
  private static let logLimit = 4096

  let id: Int
  let key: ViewKey
  private let published = Mutex(Published())

  /// A view that starts with what `sibling` has published, and shares the memory of it.
  init(id: Int, key: ViewKey, like sibling: View? = nil) {
    self.id = id
    self.key = key
    guard let sibling else { return }
    let resources = sibling.published.withLock(\.resources)
    published.withLock { $0.resources = resources }
  }

  /// The published resource of a name.
  func resource(_ name: ResourceName) -> EncodedResource? {
    published.withLock { $0.resources[name.type, name.name] }
  }

  var part: ResourceState.Part {
    published.withLock { published in
      ResourceState.Part(
        view: id, revision: published.revision, resources: published.resources)
    }
  }

  /// Publishes the next revision; without changes there is none.
  func publish(_ updates: [(ResourceName, EncodedResource?)]) -> [ResourceChange] {
    published.withLock { published in
      var changes: [ResourceChange] = []
      for (name, resource) in updates {
        if let change = published.resources.update(name.type, name.name, to: resource) {
          changes.append(change)
        }
      }
      guard !changes.isEmpty else { return [] }
      published.revision &+= 1
      published.log.append(
        (published.revision, changes.map { ResourceName($0.type, $0.name) }))
      published.logged += changes.count
      while published.logged > Self.logLimit, let first = published.log.popFirst() {
        published.logged -= first.names.count
      }
      return changes
    }
  }

  /// The changes between two revisions; nil when the log does not reach that far back.
  func changes(from earlier: ResourceState.Part, to later: ResourceState.Part) -> [ResourceChange]?
  {
    let names: Set<ResourceName>? = published.withLock { published in
      let entries = published.log.filter {
        $0.revision > earlier.revision && $0.revision <= later.revision
      }
      guard UInt64(entries.count) == later.revision &- earlier.revision else { return nil }
      return Set(entries.flatMap(\.names))
    }
    return names?.map { name in
      ResourceChange(
        type: name.type, name: name.name, old: earlier.resources[name.type, name.name],
        new: later.resources[name.type, name.name])
    }.filter(\.isEffective)
  }

  /// How many resources are published, and how many changes are kept.
  var sizes: (resources: Int, logged: Int) {
    published.withLock { published in
      let count = ResourceType.allCases.reduce(published.resources.hostsOfRoute.count) {
        $0 + published.resources[$1].count
      }
      return (count, published.logged)
    }
  }
}
