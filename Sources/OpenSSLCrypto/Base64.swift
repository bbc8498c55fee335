/// Base64 (RFC 4648, section 4).
enum Base64 {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  /// The value of each character; 0xFF for those that have none.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 0xFF, count: 256)
    for (value, character) in alphabet.enumerated() {
      values[Int(character)] = UInt8(value)
    }
    return values
  }()
  private static let padding = UInt8(ascii: "=")

  /// Appends the encoding of `bytes`, padded to groups of four characters.
  static func append(_ bytes: ArraySlice<UInt8>, to text: inout [UInt8]) {
    let alphabet = alphabet
    var rest = bytes
    while rest.count >= 3 {
      let start = rest.startIndex
      let value = UInt32(rest[start]) << 16 | UInt32(rest[start + 1]) << 8 | UInt32(rest[start + 2])
      text.append(alphabet[Int(value >> 18)])
      text.append(alphabet[Int(value >> 12 & 63)])
      text.append(alphabet[Int(value >> 6 & 63)])
      text.append(alphabet[Int(value & 63)])
      rest = rest[(start + 3)...]
    }
    guard let first = rest.first else { return }
    let value = UInt32(first) << 16 | UInt32(rest.dropFirst().first ?? 0) << 8
    text.append(alphabet[Int(value >> 18)])
    text.append(alphabet[Int(value >> 12 & 63)])
    text.append(rest.count == 2 ? alphabet[Int(value >> 6 & 63)] : padding)
    text.append(padding)
  }

  /// Decodes with padding and without white space; nil for anything else.
  static func decode(_ text: [UInt8]) -> [UInt8]? {
    guard text.count.isMultiple(of: 4) else { return nil }
    let padded = text.suffix(2).reversed().prefix { $0 == padding }.count
    let values = values
    var result: [UInt8] = []
    result.reserveCapacity(text.count / 4 * 3)
    // All bits of the values that were read: one that is no character sets the highest.
    var all: UInt8 = 0
    var value: UInt32 = 0
    for (index, character) in text.dropLast(padded).enumerated() {
      let digit = values[Int(character)]
      all |= digit
      value = value << 6 | UInt32(digit & 63)
      if index & 3 == 3 {
        result.append(UInt8(value >> 16 & 255))
        result.append(UInt8(value >> 8 & 255))
        result.append(UInt8(value & 255))
        value = 0
      }
    }
    guard all & 0x80 == 0 else { return nil }
    switch padded {
    case 1:
      result.append(UInt8(value >> 10 & 255))
      result.append(UInt8(value >> 2 & 255))
    case 2:
      result.append(UInt8(value >> 4 & 255))
    default: break
    }
    return result
  }
}
