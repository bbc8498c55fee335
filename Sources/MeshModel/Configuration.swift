/// The kinds of object that shape a proxy's configuration.
package enum ConfigKind: String, Hashable, Sendable, CaseIterable {
  case service = "Service"
  case pod = "Pod"
  case virtualService = "VirtualService"
  case destinationRule = "DestinationRule"
  case gateway = "Gateway"
  case serviceEntry = "ServiceEntry"
  case workloadEntry = "WorkloadEntry"
  case sidecar = "Sidecar"
  case peerAuthentication = "PeerAuthentication"
  case meshConfig = "MeshConfig"
  case secret = "Secret"

  /// The path segment that Istio uses in metadata, such as `destination-rule`.
  package var kebabName: String { Self.kebabNames[self] ?? rawValue }

  private static let kebabNames = Dictionary(
    uniqueKeysWithValues: allCases.map { kind in
      var text = ""
      for character in kind.rawValue {
        if character.isUppercase, !text.isEmpty { text.append("-") }
        text.append(character.lowercased())
      }
      return (kind, text)
    })
}

/// Names an object.
package struct ConfigKey: Hashable, Sendable, Comparable, CustomStringConvertible {
  package var kind: ConfigKind
  package var namespace: String
  package var name: String

  package init(_ kind: ConfigKind, namespace: String, name: String) {
    self.kind = kind
    self.namespace = namespace
    self.name = name
  }

  package static func < (left: ConfigKey, right: ConfigKey) -> Bool {
    (left.kind.rawValue, left.namespace, left.name)
      < (right.kind.rawValue, right.namespace, right.name)
  }

  package var description: String { "\(kind.rawValue)/\(namespace)/\(name)" }
}

/// An object of Istio's API as translation sees it: what no generator reads is not in it.
package struct Configuration<Spec: Hashable & Sendable>: Hashable, Sendable {
  package var key: ConfigKey
  /// Seconds since 1970.
  package var creationTime: Int64
  package var spec: Spec

  package init(key: ConfigKey, creationTime: Int64 = 0, spec: Spec) {
    self.key = key
    self.creationTime = creationTime
    self.spec = spec
  }

  /// Istio's order: the oldest first, then by name and namespace.
  package static func precedes(_ left: Self, _ right: Self) -> Bool {
    (left.creationTime, left.key.name, left.key.namespace)
      < (right.creationTime, right.key.name, right.key.namespace)
  }
}
