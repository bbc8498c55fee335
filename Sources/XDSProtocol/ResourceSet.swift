package import HashTreeCollections

/// The resources of a view at one revision; a copy shares everything that did not change.
package struct ResourceSet: Sendable {
  private var resources: PerResourceType<TreeDictionary<String, EncodedResource>>

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

  /// Puts `new` in the place of whatever has its type and name, or removes it; says what changed.
  package mutating func update(
    _ type: ResourceType, _ name: String, to new: EncodedResource?
  ) -> ResourceChange? {
    let old = resources[type][name]
    guard old !== new else { return nil }
    resources[type][name] = new
    let change = ResourceChange(type: type, name: name, old: old, new: new)
    return change.isEffective ? change : nil
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
