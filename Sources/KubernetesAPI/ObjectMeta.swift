package import StreamingJSON

/// The name of an object within its kind.
package struct ObjectKey: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The namespace; empty for kinds that have none.
  package var namespace: String
  /// The name.
  package var name: String

  /// Creates a key.
  package init(namespace: String = "", name: String) {
    self.namespace = namespace
    self.name = name
  }

  /// Orders by namespace, then by name.
  package static func < (left: ObjectKey, right: ObjectKey) -> Bool {
    (left.namespace, left.name) < (right.namespace, right.name)
  }

  /// `namespace/name`, or the name alone.
  package var description: String {
    namespace.isEmpty ? name : "\(namespace)/\(name)"
  }
}

/// What every object has: its name, labels and history (meta/v1 ObjectMeta).
package struct ObjectMeta: Hashable, Sendable {
  /// The name.
  package var name: String
  /// The namespace; empty for kinds that have none.
  package var namespace: String
  /// Labels, by which others select the object.
  package var labels: [String: String]
  /// Annotations.
  package var annotations: [String: String]
  /// The identity of this incarnation of the object.
  package var uid: String
  /// The version of the object in its store; opaque.
  package var resourceVersion: String
  /// A number that grows with every change of the specification.
  package var generation: Int64
  /// When the object was created.
  package var creationTimestamp: Timestamp?
  /// When deletion was asked for.
  package var deletionTimestamp: Timestamp?
  /// The objects this one belongs to.
  package var ownerReferences: [OwnerReference]

  /// Creates metadata.
  package init(
    name: String = "", namespace: String = "", labels: [String: String] = [:],
    annotations: [String: String] = [:], uid: String = "", resourceVersion: String = "",
    generation: Int64 = 0, creationTimestamp: Timestamp? = nil, deletionTimestamp: Timestamp? = nil,
    ownerReferences: [OwnerReference] = []
  ) {
    self.name = name
    self.namespace = namespace
    self.labels = labels
    self.annotations = annotations
    self.uid = uid
    self.resourceVersion = resourceVersion
    self.generation = generation
    self.creationTimestamp = creationTimestamp
    self.deletionTimestamp = deletionTimestamp
    self.ownerReferences = ownerReferences
  }

  /// Namespace and name.
  package var key: ObjectKey { ObjectKey(namespace: namespace, name: name) }
}

extension ObjectMeta: JSONReadable {
  /// Reads the metadata.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "name": name = try reader.read()
      case "namespace": namespace = try reader.read()
      case "labels": labels = try reader.readStringMap()
      case "annotations": annotations = try Self.readAnnotations(from: &reader)
      case "uid": uid = try reader.read()
      case "resourceVersion": resourceVersion = try reader.read()
      case "generation": generation = try reader.read()
      case "creationTimestamp": creationTimestamp = try reader.read()
      case "deletionTimestamp": deletionTimestamp = try reader.read()
      case "ownerReferences": ownerReferences = try reader.read()
      default: try reader.skipValue()
      }
    }
  }
}

extension ObjectMeta {
  /// Who an object is, out of metadata of which no more than that can be read.
  ///
  /// - Throws: when not even its name or its version can be read.
  package static func identity(
    from reader: inout JSONReader
  ) throws(JSONDecodingError) -> ObjectMeta {
    var metadata = ObjectMeta()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "name": metadata.name = try reader.read()
      case "namespace": metadata.namespace = try reader.read()
      case "uid": metadata.uid = try reader.read()
      case "resourceVersion": metadata.resourceVersion = try reader.read()
      case "generation": metadata.generation = try reader.read()
      default: try reader.skipValue()
      }
    }
    return metadata
  }

  /// The annotations; a value with a NUL character, which an API server lets pass, reads as empty.
  private static func readAnnotations(
    from reader: inout JSONReader
  ) throws(JSONDecodingError) -> [String: String] {
    let start = reader
    do throws(JSONDecodingError) {
      return try reader.readStringMap()
    } catch {
      reader = start
      return try reader.readMap { (reader) throws(JSONDecodingError) in
        guard try !reader.readNull() else { return "" }
        let start = reader
        guard try reader.peekKind() == .string else { return try reader.readString() }
        let range = try reader.readRawRange()
        var text = JSONReader(start, range: range)
        return (try? text.readString()) ?? ""
      }
    }
  }
}

/// The object another one belongs to.
package struct OwnerReference: Hashable, Sendable, JSONReadable {
  /// Its kind.
  package var kind: String
  /// Its name.
  package var name: String

  /// Creates a reference.
  package init(kind: String = "", name: String = "") {
    self.kind = kind
    self.name = name
  }

  /// Reads the reference.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "kind": kind = try reader.read()
      case "name": name = try reader.read()
      default: try reader.skipValue()
      }
    }
  }
}
