package import StreamingJSON

/// An enumeration of Istio's API: written as the name of a value, or as its number.
///
/// The cases are declared in the order of their numbers, which start at zero without gaps.
package protocol IstioEnum: RawRepresentable, CaseIterable, Hashable, Sendable, JSONReadable
where RawValue == String {}

extension IstioEnum {
  /// Reads the name or the number of a value.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    let names = Self.allCases.map(\.rawValue).joined(separator: ", ")
    if try reader.peekKind() == .number {
      let number = try reader.readInteger(Int32.self)
      guard let value = Self.allCases.dropFirst(Int(max(0, number))).first, number >= 0 else {
        throw reader.error("\(number) is not the number of a value", remedy: "use one of \(names)")
      }
      self = value
      return
    }
    let name = try reader.readString()
    guard let value = Self(rawValue: name) else {
      throw reader.error(
        "\"\(name.prefix(64))\" is not a known value", remedy: "use one of \(names)")
    }
    self = value
  }
}
