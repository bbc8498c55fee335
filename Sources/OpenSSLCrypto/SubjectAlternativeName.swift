/// A name in a certificate's subjectAltName extension (RFC 5280, section 4.2.1.6).
package enum SubjectAlternativeName: Hashable, Sendable {
  /// A URI, such as a SPIFFE identity.
  case uri(String)
  /// A DNS name.
  case dns(String)
  /// Four or sixteen bytes.
  case ipAddress([UInt8])

  var encoding: [UInt8] {
    switch self {
    case .dns(let name): DERWriter.element(DERTag.context(2), Array(name.utf8))
    case .uri(let uri): DERWriter.element(DERTag.context(6), Array(uri.utf8))
    case .ipAddress(let bytes): DERWriter.element(DERTag.context(7), bytes)
    }
  }

  static func encode(_ names: [SubjectAlternativeName]) -> [UInt8] {
    DERWriter.element(DERTag.sequence, names.flatMap { $0.encoding })
  }

  /// Reads an extension's value; kinds of names that are not known here are left out.
  static func decode(_ value: ArraySlice<UInt8>) throws(CryptoError) -> [SubjectAlternativeName] {
    var outer = DERReader(value, operation: "read subject alternative names")
    var names = try outer.read(DERTag.sequence).reader
    var result: [SubjectAlternativeName] = []
    while !names.isAtEnd {
      let name = try names.read()
      switch name.tag {
      case DERTag.context(2): result.append(.dns(try ascii(name.content)))
      case DERTag.context(6): result.append(.uri(try ascii(name.content)))
      case DERTag.context(7): result.append(.ipAddress(Array(name.content)))
      default: break
      }
    }
    return result
  }

  private static func ascii(_ bytes: ArraySlice<UInt8>) throws(CryptoError) -> String {
    guard bytes.allSatisfy({ (0x20...0x7E).contains($0) }) else {
      throw CryptoError("read subject alternative names", "a name is not printable ASCII")
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
