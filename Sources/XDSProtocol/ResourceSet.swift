package import HashTreeCollections

/// The resources of a view at one revision; a copy shares everything that did not change.
package struct ResourceSet: Sendable {
  /// What can be said of all resources of one type without looking at each.
  package struct Summary: Hashable, Sendable {
    /// Of the names.
    package fileprivate(set) var names = SetDigest()
    /// Of names and versions.
    package fileprivate(set) var contents = SetDigest()
    /// As ``contents``, but nobody outside of the process can make two sets that share it.
    package fileprivate(set) var identity = 0
    /// How many are usable only some time after they are taken (``Readiness/resolution``).
    package fileprivate(set) var slow = 0

    package var count: Int { names.count }
  }

  private var resources: PerResourceType<TreeDictionary<String, EncodedResource>>
  private var summaries = PerResourceType { _ in Summary() }
  /// How many virtual hosts each route configuration has.
  package private(set) var hostsOfRoute: [String: Int] = [:]

  package init() {
    resources = PerResourceType { _ in [:] }
  }

  /// All resources of one type by name.
  package subscript(type: ResourceType) -> TreeDictionary<String, EncodedResource> {
    resources[type]
  }

  package subscript(type: ResourceType, name: String) -> EncodedResource? {
    resources[type][name]
  }

  package func summary(_ type: ResourceType) -> Summary { summaries[type] }

  /// Puts `new` in the place of whatever has its type and name, or removes it; says what changed.
  package mutating func update(
    _ type: ResourceType, _ name: String, to new: EncodedResource?
  ) -> ResourceChange? {
    let old = resources[type][name]
    guard old !== new else { return nil }
    resources[type][name] = new
    let change = ResourceChange(type: type, name: name, old: old, new: new)
    summarize(change)
    return change.isEffective ? change : nil
  }

  private mutating func summarize(_ change: ResourceChange) {
    if let old = change.old {
      summaries[change.type].names.remove(change.name)
      summaries[change.type].contents.remove(change.name, old.version)
      summaries[change.type].identity &-= Self.identity(old)
      if old.readiness == .resolution { summaries[change.type].slow -= 1 }
    }
    if let new = change.new {
      summaries[change.type].names.add(change.name)
      summaries[change.type].contents.add(change.name, new.version)
      summaries[change.type].identity &+= Self.identity(new)
      if new.readiness == .resolution { summaries[change.type].slow += 1 }
    }
    guard change.type == .virtualHost, (change.old == nil) != (change.new == nil) else { return }
    let route = DiscoverySession.route(of: change.name)
    let count = (hostsOfRoute[route] ?? 0) + (change.new == nil ? -1 : 1)
    hostsOfRoute[route] = count > 0 ? count : nil
  }

  private static func identity(_ resource: EncodedResource) -> Int {
    var hasher = Hasher()
    hasher.combine(resource.name)
    hasher.combine(resource.version)
    return hasher.finalize()
  }

  /// What changed from `other` to this set; walks both.
  package func changes(since other: ResourceSet) -> [ResourceChange] {
    var changes: [ResourceChange] = []
    for type in ResourceType.allCases {
      for (name, new) in resources[type] {
        let old = other.resources[type][name]
        if old?.version != new.version {
          changes.append(ResourceChange(type: type, name: name, old: old, new: new))
        }
      }
      for (name, old) in other.resources[type] where resources[type][name] == nil {
        changes.append(ResourceChange(type: type, name: name, old: old, new: nil))
      }
    }
    return changes
  }
}
