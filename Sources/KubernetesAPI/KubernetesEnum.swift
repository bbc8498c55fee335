package import StreamingJSON

/// An enumeration of the Kubernetes API, written as the name of a value.
package protocol KubernetesEnum: RawRepresentable, CaseIterable, Hashable, Sendable, JSONReadable
where RawValue == String {}

extension KubernetesEnum {
  /// Reads the name of a value.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    let name = try reader.readString()
    guard let value = Self(rawValue: name) else {
      let names = Self.allCases.map(\.rawValue).joined(separator: ", ")
      throw reader.error(
        "\"\(name.prefix(64))\" is not a known value", remedy: "use one of \(names)")
    }
    self = value
  }
}

/// A port by its number or by its name in the pod.
package enum PortReference: Hashable, Sendable, JSONReadable {
  /// A number.
  case number(Int32)
  /// The name of a container port.
  case name(String)

  /// Reads a number or a string; a string of digits is a number, as in Kubernetes.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    guard try reader.peekKind() == .string else {
      self = .number(try reader.read())
      return
    }
    let text = try reader.readString()
    self = Int32(text).map { .number($0) } ?? .name(text)
  }
}

extension JSONReader {
  /// Reads a list of objects into the strings of one of their members.
  mutating func readMembers(named name: String) throws(JSONDecodingError) -> [String] {
    try readList { (reader) throws(JSONDecodingError) in
      var value = ""
      try reader.beginObject()
      while let key = try reader.nextKey() {
        if key == name { value = try reader.read() } else { try reader.skipValue() }
      }
      return value
    }
  }
}
