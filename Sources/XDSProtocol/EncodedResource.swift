internal import ProtobufWire

/// A resource in the bytes that every proxy receives: built once, shared by all views and streams.
package final class EncodedResource: Sendable {
  package let type: ResourceType
  /// The resource's name: of a virtual host, `<route name>/<host>`.
  package let name: String
  /// The digest of the resource's content, 16 characters of base64url.
  ///
  /// Equal content has an equal version on every replica and after every restart.
  package let version: String
  /// The names of resources that have to be usable before this one is sent.
  package let references: [ResourceName]
  /// What no two resources of a group may hold at once: the domains of a virtual host.
  package let exclusiveNames: [String]
  /// When the resource can be used once a proxy has taken it.
  package let readiness: Readiness
  /// The objects that the resource was made from, as `kind/namespace/name`, for reports.
  package let sources: [String]
  /// The resource as field 2 of a `DeltaDiscoveryResponse`, key and length included.
  package let deltaEntry: [UInt8]
  /// Where the serialized `google.protobuf.Any` stands in ``deltaEntry``.
  private let anyRange: Range<Int>

  /// Frames the serialized message `payload` of the given type.
  package init(
    type: ResourceType, name: String, version: String, payload: [UInt8],
    references: [ResourceName] = [], exclusiveNames: [String] = [],
    readiness: Readiness = .immediate, sources: [String] = []
  ) {
    self.type = type
    self.name = name
    self.version = version
    self.references = references
    self.exclusiveNames = exclusiveNames
    self.readiness = readiness
    self.sources = sources
    var buffer = WireBuffer(capacity: payload.count + name.utf8.count + 128)
    let entry = buffer.open(2)
    if !version.isEmpty { buffer.string(1, version) }
    buffer.string(3, name)
    var any = WireBuffer(capacity: payload.count + 96)
    any.string(1, type.typeURL)
    any.data(2, payload)
    buffer.data(2, any.bytes)
    buffer.close(entry)
    deltaEntry = buffer.bytes
    anyRange = (deltaEntry.count - any.bytes.count)..<deltaEntry.count
  }

  /// The serialized `google.protobuf.Any` around the message.
  package var any: ArraySlice<UInt8> { deltaEntry[anyRange] }

  /// The serialized message inside the `google.protobuf.Any`; empty if the bytes are damaged.
  package var payload: ArraySlice<UInt8> {
    var reader = WireReader(any)
    while let field = try? reader.next() {
      if field.number == 2, case .data(let bytes) = field.value { return bytes }
    }
    return []
  }
}

/// When a resource can be used after a proxy has acknowledged it.
package enum Readiness: Hashable, Sendable {
  /// At once.
  case immediate
  /// When the endpoints of the same name are acknowledged too: a cluster of type EDS.
  case endpoints
  /// When names are resolved, which no message tells: a cluster of a DNS type.
  case resolution
}

/// A resource by type and name.
package struct ResourceName: Hashable, Sendable {
  package var type: ResourceType
  package var name: String

  package init(_ type: ResourceType, _ name: String) {
    self.type = type
    self.name = name
  }
}

/// How a resource of a view changed: from `old`, nil where there was none, to `new`, nil where it ended.
package struct ResourceChange: Sendable {
  package var type: ResourceType
  package var name: String
  package var old: EncodedResource?
  package var new: EncodedResource?

  package init(type: ResourceType, name: String, old: EncodedResource?, new: EncodedResource?) {
    self.type = type
    self.name = name
    self.old = old
    self.new = new
  }

  /// Whether content differs between the two ends.
  package var isEffective: Bool { old?.version != new?.version }
}
