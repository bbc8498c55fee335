internal import HashTreeCollections

/// Where a discovery server gets resources from; translation implements it.
///
/// This is the only thing that a server knows about translation.
package protocol ResourceDiscovery: Sendable {
  /// Opens the resources of a proxy, planning what no other proxy needed so far.
  ///
  /// `changed` is called, on any thread and before it matters for order, each time the handle's
  /// ``ProxyResources/current()`` may have moved; the receiver reads when it is ready to.
  func open(
    _ proxy: ProxyNode, changed: @escaping @Sendable () -> Void
  ) async -> any ProxyResources
}

/// The resources of one connected proxy.
package protocol ProxyResources: Sendable {
  /// The newest state.
  func current() -> ResourceState
  /// What changed from `earlier` to `later`, both answers of ``current()`` of this handle.
  func changes(from earlier: ResourceState, to later: ResourceState) -> [ResourceChange]
  /// Ends the interest; the handle is not used again.
  func close()
}

/// The resources that a proxy should hold at one moment: the views that it shares with others.
package struct ResourceState: Sendable {
  /// One view at one revision.
  package struct Part: Sendable {
    /// Identifies the view; equal for the same view at another revision.
    package var view: Int
    package var revision: UInt64
    package var resources: ResourceSet

    package init(view: Int, revision: UInt64, resources: ResourceSet) {
      self.view = view
      self.revision = revision
      self.resources = resources
    }
  }

  package var parts: [Part]

  package init(parts: [Part] = []) {
    self.parts = parts
  }

  package subscript(type: ResourceType, name: String) -> EncodedResource? {
    for part in parts {
      if let resource = part.resources[type, name] { return resource }
    }
    return nil
  }

  /// Every resource of a type, the first view's where two hold one name.
  package func all(_ type: ResourceType) -> [EncodedResource] {
    var found: [EncodedResource] = []
    for (index, part) in parts.enumerated() {
      for (name, resource) in part.resources[type]
      where !parts[..<index].contains(where: { $0.resources[type, name] != nil }) {
        found.append(resource)
      }
    }
    return found
  }

  /// A digest of the names of a type; not that of ``all(_:)`` where two views hold one name.
  package func names(_ type: ResourceType) -> SetDigest {
    parts.reduce(into: SetDigest()) { $0.formUnion($1.resources.summary(type).names) }
  }

  /// A digest of the names and versions of a type; not that of ``all(_:)`` where two views hold one
  /// name.
  package func contents(_ type: ResourceType) -> SetDigest {
    parts.reduce(into: SetDigest()) { $0.formUnion($1.resources.summary(type).contents) }
  }

  /// How many resources of a type can be used only some time after they are taken.
  func slowCount(_ type: ResourceType) -> Int {
    parts.reduce(0) { $0 + $1.resources.summary(type).slow }
  }

  /// The views that hold resources of a type; nil where two of them hold one name.
  func disjointParts(_ type: ResourceType) -> [Part]? {
    let holders = parts.filter { $0.resources.summary(type).count > 0 }
      .sorted { $0.resources.summary(type).count < $1.resources.summary(type).count }
    for (index, part) in holders.enumerated().dropLast() {
      for name in part.resources[type].keys {
        for other in holders[(index + 1)...] where other.resources[type, name] != nil {
          return nil
        }
      }
    }
    return holders
  }

  /// The virtual hosts of a route configuration.
  package func virtualHosts(of route: String) -> [EncodedResource] {
    let prefix = route + "/"
    return all(.virtualHost).filter { $0.name.hasPrefix(prefix) }
  }

  /// Whether both states are the same views at the same revisions.
  package func isSame(as other: ResourceState) -> Bool {
    parts.count == other.parts.count
      && zip(parts, other.parts).allSatisfy { $0.view == $1.view && $0.revision == $1.revision }
  }
}
