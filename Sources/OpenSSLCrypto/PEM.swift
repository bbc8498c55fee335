/// A block of a PEM file (RFC 7468).
package struct PEMBlock: Hashable, Sendable {
  /// The label, as `CERTIFICATE`.
  package let label: String
  /// The decoded content.
  package let bytes: [UInt8]

  /// A block with this label and content.
  package init(label: String, bytes: [UInt8]) {
    self.label = label
    self.bytes = bytes
  }

  /// The block as text with 64 characters a line and a newline at its end.
  package var text: String {
    var lines = ["-----BEGIN \(label)-----"]
    let encoded = Array(Base64.encode(bytes))
    for start in stride(from: 0, to: encoded.count, by: 64) {
      lines.append(String(decoding: encoded[start..<min(start + 64, encoded.count)], as: UTF8.self))
    }
    lines.append("-----END \(label)-----\n")
    return lines.joined(separator: "\n")
  }

  /// All blocks of a text; what stands between them is ignored.
  ///
  /// - Throws: `CryptoError` for a block that does not end or is not base64.
  package static func parse(_ text: String) throws(CryptoError) -> [PEMBlock] {
    var blocks: [PEMBlock] = []
    var label: String?
    var content: [UInt8] = []
    for line in text.split(whereSeparator: \.isNewline) {
      let line = line.trimmingWhitespace
      if let started = label {
        guard line == "-----END \(started)-----" else {
          content += line.utf8
          continue
        }
        guard let bytes = Base64.decode(content) else {
          throw CryptoError("read PEM", "the \(started) block is not base64")
        }
        blocks.append(PEMBlock(label: started, bytes: bytes))
        label = nil
        content = []
      } else if line.hasPrefix("-----BEGIN "), line.hasSuffix("-----"), line.utf8.count > 16 {
        label = String(line.dropFirst(11).dropLast(5))
      }
    }
    guard label == nil else { throw CryptoError("read PEM", "a block does not end") }
    return blocks
  }
}

extension Substring {
  fileprivate var trimmingWhitespace: Substring {
    var result = self
    while result.last?.isWhitespace == true { result.removeLast() }
    while result.first?.isWhitespace == true { result.removeFirst() }
    return result
  }
}

/// Base64 (RFC 4648, section 4).
enum Base64 {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func encode(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let value = group.reduce(0) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
      for position in 0..<4 {
        result.append(
          position <= group.count
            ? alphabet[Int(value >> UInt32(18 - 6 * position) & 63)] : UInt8(ascii: "="))
      }
    }
    return result
  }

  /// Decodes with padding and without white space; nil for anything else.
  static func decode(_ text: [UInt8]) -> [UInt8]? {
    guard text.count.isMultiple(of: 4) else { return nil }
    var result: [UInt8] = []
    result.reserveCapacity(text.count / 4 * 3)
    for start in stride(from: 0, to: text.count, by: 4) {
      let group = text[start..<start + 4]
      let padding = group.reversed().prefix { $0 == UInt8(ascii: "=") }.count
      guard padding <= 2, padding == 0 || start + 4 == text.count else { return nil }
      var value: UInt32 = 0
      for character in group.dropLast(padding) {
        guard let digit = digit(character) else { return nil }
        value = value << 6 | digit
      }
      value <<= UInt32(6 * padding)
      for position in 0..<(3 - padding) {
        result.append(UInt8(value >> UInt32(16 - 8 * position) & 255))
      }
    }
    return result
  }

  private static func digit(_ character: UInt8) -> UInt32? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - 65)
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - 71)
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character) + 4
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
