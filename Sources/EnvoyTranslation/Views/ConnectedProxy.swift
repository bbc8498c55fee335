internal import MeshModel
internal import Synchronization
internal import XDSProtocol

/// A proxy that is connected, with the views that hold its resources.
final class ConnectedProxy: ProxyResources, Sendable {
  private struct State {
    var views: [View] = []
    var dependencies: Set<SnapshotKey> = []
  }

  let id: Int
  let node: ProxyNode
  let changed: @Sendable () -> Void
  private let whenClosed: @Sendable () -> Void
  private let state = Mutex(State())

  init(
    id: Int, node: ProxyNode, changed: @escaping @Sendable () -> Void,
    close: @escaping @Sendable () -> Void
  ) {
    self.id = id
    self.node = node
    self.changed = changed
    whenClosed = close
  }

  var views: [View] { state.withLock(\.views) }
  var dependencies: Set<SnapshotKey> { state.withLock(\.dependencies) }

  func set(_ views: [View], dependencies: Set<SnapshotKey>) {
    state.withLock { $0 = State(views: views, dependencies: dependencies) }
  }

  func current() -> ResourceState {
    ResourceState(parts: views.map(\.part))
  }

  func changes(from earlier: ResourceState, to later: ResourceState) -> [ResourceChange] {
    let views = views
    let isSameViews =
      earlier.parts.count == later.parts.count && later.parts.count == views.count
      && zip(earlier.parts, later.parts).allSatisfy { $0.view == $1.view }
      && zip(later.parts, views).allSatisfy { $0.view == $1.id }
    guard isSameViews else { return Self.difference(earlier, later) }
    var changes: [ResourceChange] = []
    for (index, view) in views.enumerated() {
      let from = earlier.parts[index]
      let to = later.parts[index]
      guard from.revision != to.revision else { continue }
      changes +=
        view.changes(from: from, to: to)
        ?? to.resources.changes(since: from.resources)
    }
    return changes
  }

  func close() { whenClosed() }

  /// What differs between two states of different views.
  private static func difference(
    _ earlier: ResourceState, _ later: ResourceState
  ) -> [ResourceChange] {
    func merged(_ state: ResourceState) -> ResourceSet {
      var set = ResourceSet()
      for type in ResourceType.allCases {
        for resource in state.all(type) { _ = set.update(type, resource.name, to: resource) }
      }
      return set
    }
    return merged(later).changes(since: merged(earlier))
  }
}
