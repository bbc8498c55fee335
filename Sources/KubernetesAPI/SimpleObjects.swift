package import StreamingJSON

/// A machine of the cluster (core/v1 Node); a mesh reads its labels for the locality.
package struct Node: Hashable, Sendable, KubernetesObjectReadable {
  /// The version of its kubelet, such as `v1.33.2`; empty where it says none.
  package var kubeletVersion = ""

  /// Creates a node.
  package init() {}
  /// An object without contents.
  package static var empty: Node { Node() }
  /// Nodes.
  package static var resource: KubernetesResource { .nodes }
  /// Reads the version of the kubelet.
  package mutating func readMember(
    _ key: String, from reader: inout JSONReader
  ) throws(JSONDecodingError) -> Bool {
    guard key == "status" else { return false }
    try reader.beginObject()
    while let key = try reader.nextKey() {
      guard key == "nodeInfo" else {
        try reader.skipValue()
        continue
      }
      try reader.beginObject()
      while let key = try reader.nextKey() {
        if key == "kubeletVersion" {
          kubeletVersion = try reader.read()
        } else {
          try reader.skipValue()
        }
      }
    }
    return true
  }
}

/// A namespace (core/v1 Namespace); a mesh reads its labels.
package struct Namespace: Hashable, Sendable, KubernetesObjectReadable {
  /// Creates a namespace.
  package init() {}
  /// An object without contents.
  package static var empty: Namespace { Namespace() }
  /// Namespaces.
  package static var resource: KubernetesResource { .namespaces }
  /// Reads nothing beside the metadata.
  package mutating func readMember(
    _ key: String, from reader: inout JSONReader
  ) throws(JSONDecodingError) -> Bool { false }
}

/// An identity workloads run as (core/v1 ServiceAccount).
package struct ServiceAccount: Hashable, Sendable, KubernetesObjectReadable {
  /// Creates a service account.
  package init() {}
  /// An object without contents.
  package static var empty: ServiceAccount { ServiceAccount() }
  /// Service accounts.
  package static var resource: KubernetesResource { .serviceAccounts }
  /// Reads nothing beside the metadata.
  package mutating func readMember(
    _ key: String, from reader: inout JSONReader
  ) throws(JSONDecodingError) -> Bool { false }
}

/// Settings in text form (core/v1 ConfigMap).
package struct ConfigMap: Hashable, Sendable, KubernetesObjectReadable {
  /// The settings by key.
  package var data: [String: String]

  /// Creates a config map.
  package init(data: [String: String]) {
    self.data = data
  }

  /// Creates a config map without settings.
  package init() {
    data = [:]
  }

  /// An object without contents.
  package static var empty: ConfigMap { ConfigMap() }
  /// Config maps.
  package static var resource: KubernetesResource { .configMaps }

  /// Reads `data`.
  package mutating func readMember(
    _ key: String, from reader: inout JSONReader
  ) throws(JSONDecodingError) -> Bool {
    guard key == "data" else { return false }
    data = try reader.readStringMap()
    return true
  }
}

/// Confidential bytes (core/v1 Secret).
package struct Secret: Hashable, Sendable, KubernetesObjectReadable {
  /// The type, such as `kubernetes.io/tls`.
  package var type: String
  /// The bytes by key.
  package var data: [String: [UInt8]]

  /// Creates a secret.
  package init(type: String = "Opaque", data: [String: [UInt8]]) {
    self.type = type
    self.data = data
  }

  /// Creates a secret without contents.
  package init() {
    self.init(data: [:])
  }

  /// An object without contents.
  package static var empty: Secret { Secret() }
  /// Secrets.
  package static var resource: KubernetesResource { .secrets }

  /// Reads `type`, `data` and `stringData`.
  package mutating func readMember(
    _ key: String, from reader: inout JSONReader
  ) throws(JSONDecodingError) -> Bool {
    switch key {
    case "type": type = try reader.read()
    case "data":
      let decoded = try reader.readMap { (reader) throws(JSONDecodingError) -> [UInt8] in
        if try reader.readNull() { return [] }
        guard let bytes = Base64.decode(try reader.readString()) else {
          // The text is confidential, so the error does not quote it.
          throw reader.error("the value is not Base64")
        }
        return bytes
      }
      data.merge(decoded) { $1 }
    case "stringData":
      data.merge(try reader.readStringMap().mapValues { Array($0.utf8) }) { $1 }
    default: return false
    }
    return true
  }
}
