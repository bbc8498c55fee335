package import StreamingJSON

/// A built-in kind that reads itself from the members of its object.
package protocol KubernetesObjectReadable: Hashable, Sendable {
  /// What the kind is called in the API.
  static var resource: KubernetesResource { get }
  /// An object without contents.
  static var empty: Self { get }
  /// Reads the member `key` when the kind uses it; false, with nothing read, when it does not.
  mutating func readMember(
    _ key: String, from reader: inout JSONReader
  ) throws(JSONDecodingError) -> Bool
}

/// An object whose metadata was understood, with its contents or what is wrong with them.
///
/// A bad specification still carries its key, so that it hurts nobody but itself.
package struct DecodedObject<Value: Hashable & Sendable>: Hashable, Sendable {
  /// Contents, or why there are none.
  package enum Outcome: Hashable, Sendable {
    /// The contents.
    case value(Value)
    /// What is wrong.
    case invalid([FieldIssue])
  }

  /// Name, labels and history.
  package var metadata: ObjectMeta
  /// Contents, or why there are none.
  package var outcome: Outcome
  /// Paths of fields that are not part of the API.
  package var unknownFields: [String]

  /// Creates a decoded object.
  package init(metadata: ObjectMeta, outcome: Outcome, unknownFields: [String] = []) {
    self.metadata = metadata
    self.outcome = outcome
    self.unknownFields = unknownFields
  }

  /// Creates an object with contents.
  package init(metadata: ObjectMeta, value: Value) {
    self.init(metadata: metadata, outcome: .value(value))
  }

  /// Namespace and name.
  package var key: ObjectKey { metadata.key }

  /// The contents, when they were understood.
  package var value: Value? {
    if case .value(let value) = outcome { value } else { nil }
  }

  /// What is wrong with the contents.
  package var issues: [FieldIssue] {
    if case .invalid(let issues) = outcome { issues } else { [] }
  }
}

extension DecodedObject where Value: KubernetesObjectReadable {
  /// Reads one object of a built-in kind; throws only when not even its name can be read.
  package init(decoding reader: JSONReader) throws(JSONDecodingError) {
    self = try .decode(reader, empty: Value.empty) {
      (value, key, reader) throws(JSONDecodingError) in
      if try !value.readMember(key, from: &reader) { try reader.skipValue() }
    }
  }
}

extension DecodedObject where Value: JSONReadable {
  /// Reads one object whose contents are its `spec`; throws only when not even its name can be read.
  ///
  /// An object without `spec` reads as one whose `spec` is empty.
  package init(decodingSpecOf reader: JSONReader) throws(JSONDecodingError) {
    var emptySpec = try JSONReader(Array("{}".utf8))
    self = try .decode(reader, empty: try Value(from: &emptySpec)) {
      (value, key, reader) throws(JSONDecodingError) in
      switch key {
      case "spec": value = try Value(from: &reader)
      case "status": try reader.skipValue()
      default: try reader.skipUnknownField()
      }
    }
  }
}

extension DecodedObject {
  private static func decode(
    _ start: JSONReader, empty: Value,
    member: (inout Value, String, inout JSONReader) throws(JSONDecodingError) -> Void
  ) throws(JSONDecodingError) -> DecodedObject {
    var reader = start
    var metadata = ObjectMeta()
    do throws(JSONDecodingError) {
      var value = empty
      try reader.beginObject()
      while let key = try reader.nextKey() {
        switch key {
        case "metadata": metadata = try reader.read()
        case "apiVersion", "kind": try reader.skipValue()
        default: try member(&value, key, &reader)
        }
      }
      try reader.finish()
      return DecodedObject(
        metadata: metadata, outcome: .value(value), unknownFields: reader.unknownFields)
    } catch {
      // The contents are bad, or the document is. Metadata may stand behind the fault, so it is
      // looked for again with everything else passed over; and where it has the fault, who the object is
      // tells at least that no other is meant.
      if let whole = try? readMetadata(start, by: ObjectMeta.init(from:)) {
        metadata = whole
      } else {
        metadata = try readMetadata(start, by: ObjectMeta.identity(from:))
      }
      return DecodedObject(
        metadata: metadata, outcome: .invalid([FieldIssue(error)]),
        unknownFields: reader.unknownFields)
    }
  }

  private static func readMetadata(
    _ start: JSONReader, by read: (inout JSONReader) throws(JSONDecodingError) -> ObjectMeta
  ) throws(JSONDecodingError) -> ObjectMeta {
    var reader = start
    var metadata = ObjectMeta()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if key == "metadata" { metadata = try read(&reader) } else { try reader.skipValue() }
    }
    try reader.finish()
    return metadata
  }
}
