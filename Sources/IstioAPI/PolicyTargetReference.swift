package import StreamingJSON

/// An object that a policy is attached to.
package struct PolicyTargetReference: Hashable, Sendable {
  /// API group; empty for the core group.
  package var group: String
  /// Kind.
  package var kind: String
  /// Name.
  package var name: String
  /// Has to be empty.
  package var namespace: String

  /// Creates a value; what is left out is as if it were not written.
  package init(
    group: String = "",
    kind: String = "",
    name: String = "",
    namespace: String = ""
  ) {
    self.group = group
    self.kind = kind
    self.name = name
    self.namespace = namespace
  }
}

extension PolicyTargetReference: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "group": group = try reader.read()
      case "kind": kind = try reader.read()
      case "name": name = try reader.read()
      case "namespace": namespace = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}
