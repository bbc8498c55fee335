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
    var log: Deque<(revision: UInt64, changes: [ResourceChange])> = []
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
      published.log.append((published.revision, changes))
      published.logged += changes.count
      while published.logged > Self.logLimit, let first = published.log.popFirst() {
        published.logged -= first.changes.count
      }
      return changes
    }
  }

  /// The changes between two revisions; nil when the log does not reach that far back.
  func changes(from earlier: UInt64, to later: UInt64) -> [ResourceChange]? {
    published.withLock { published in
      let entries = published.log.filter { $0.revision > earlier && $0.revision <= later }
      guard UInt64(entries.count) == later &- earlier else { return nil }
      var merged: [ResourceName: ResourceChange] = [:]
      for change in entries.flatMap(\.changes) {
        let name = ResourceName(change.type, change.name)
        if merged[name] == nil { merged[name] = change } else { merged[name]?.new = change.new }
      }
      return merged.values.filter(\.isEffective)
    }
  }
}
