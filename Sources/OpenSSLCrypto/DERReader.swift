/// The tags of the DER elements that X.509 uses.
enum DERTag {
  static let boolean: UInt8 = 0x01
  static let integer: UInt8 = 0x02
  static let bitString: UInt8 = 0x03
  static let octetString: UInt8 = 0x04
  static let null: UInt8 = 0x05
  static let objectIdentifier: UInt8 = 0x06
  static let utf8String: UInt8 = 0x0C
  static let utcTime: UInt8 = 0x17
  static let generalizedTime: UInt8 = 0x18
  static let sequence: UInt8 = 0x30
  static let set: UInt8 = 0x31

  /// A context-specific tag without content structure.
  static func context(_ number: UInt8) -> UInt8 { 0x80 | number }
  /// A context-specific tag with elements inside.
  static func constructed(_ number: UInt8) -> UInt8 { 0xA0 | number }
}

/// Reads DER elements one after another; every length is checked against what is there.
struct DERReader {
  /// One element: its tag, its content, and its whole encoding.
  struct Element {
    let tag: UInt8
    let content: ArraySlice<UInt8>
    let encoding: ArraySlice<UInt8>

    var reader: DERReader { DERReader(content) }
  }

  private let operation: String
  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>, operation: String = "read DER") {
    self.rest = bytes
    self.operation = operation
  }

  var isAtEnd: Bool { rest.isEmpty }

  var nextTag: UInt8? { rest.first }

  /// The next element of any tag.
  mutating func read() throws(CryptoError) -> Element {
    let start = rest
    guard let tag = rest.popFirst(), tag & 0x1F != 0x1F, let first = rest.popFirst() else {
      throw CryptoError(operation, "truncated or unsupported tag")
    }
    var length = Int(first)
    if first & 0x80 != 0 {
      let count = Int(first & 0x7F)
      guard (1...4).contains(count), rest.count >= count else {
        throw CryptoError(operation, "invalid length")
      }
      length = rest.prefix(count).reduce(0) { $0 << 8 | Int($1) }
      rest = rest.dropFirst(count)
    }
    guard length <= rest.count else { throw CryptoError(operation, "truncated") }
    let content = rest.prefix(length)
    rest = rest.dropFirst(length)
    return Element(
      tag: tag, content: content, encoding: start[start.startIndex..<content.endIndex])
  }

  /// The next element, which must have this tag.
  mutating func read(_ tag: UInt8) throws(CryptoError) -> Element {
    let element = try read()
    guard element.tag == tag else {
      throw CryptoError(operation, "found tag \(element.tag) instead of \(tag)")
    }
    return element
  }

  /// The next element when it has this tag.
  mutating func readIfPresent(_ tag: UInt8) throws(CryptoError) -> Element? {
    nextTag == tag ? try read() : nil
  }

  func expectEnd() throws(CryptoError) {
    guard rest.isEmpty else { throw CryptoError(operation, "unexpected bytes at the end") }
  }
}

extension DERReader.Element {
  /// The bytes of a BIT STRING of whole bytes.
  func bitStringBytes() throws(CryptoError) -> ArraySlice<UInt8> {
    guard tag == DERTag.bitString, content.first == 0 else {
      throw CryptoError("read DER", "not a bit string of whole bytes")
    }
    return content.dropFirst()
  }
}
