/// Writes DER; each function returns the encoding of one element.
enum DERWriter {
  static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
    var result = [tag]
    let length = content.count
    switch length {
    case 0..<0x80: result.append(UInt8(length))
    default:
      let bytes = bigEndianBytes(UInt64(length))
      result.append(0x80 | UInt8(bytes.count))
      result += bytes
    }
    result += content
    return result
  }

  static func sequence(_ parts: [UInt8]...) -> [UInt8] {
    element(DERTag.sequence, parts.flatMap { $0 })
  }

  static func integer(_ value: UInt64) -> [UInt8] { integer(bigEndianBytes(value)) }

  /// A non-negative integer from big-endian bytes.
  static func integer(_ bytes: [UInt8]) -> [UInt8] {
    var magnitude = Array(bytes.drop { $0 == 0 })
    if magnitude.isEmpty || magnitude[0] & 0x80 != 0 {
      magnitude.insert(0, at: 0)
    }
    return element(DERTag.integer, magnitude)
  }

  static func boolean(_ value: Bool) -> [UInt8] {
    element(DERTag.boolean, [value ? 0xFF : 0])
  }

  static func octetString(_ bytes: [UInt8]) -> [UInt8] { element(DERTag.octetString, bytes) }

  static func bitString(_ bytes: [UInt8], unusedBits: UInt8 = 0) -> [UInt8] {
    element(DERTag.bitString, [unusedBits] + bytes)
  }

  /// An object identifier from its arcs, of which there must be at least two.
  static func objectIdentifier(_ arcs: [UInt64]) -> [UInt8] {
    guard arcs.count >= 2 else { return element(DERTag.objectIdentifier, []) }
    var content = base128(arcs[0] * 40 + arcs[1])
    for arc in arcs.dropFirst(2) {
      content += base128(arc)
    }
    return element(DERTag.objectIdentifier, content)
  }

  /// A time as RFC 5280, section 4.1.2.5 wants it: UTCTime before 2050, else GeneralizedTime.
  static func time(_ unixSeconds: Int64) -> [UInt8] {
    let date = CivilTime(unixSeconds: unixSeconds)
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let tail =
      two(date.month) + two(date.day) + two(date.hour) + two(date.minute) + two(date.second) + "Z"
    if (1950..<2050).contains(date.year) {
      return element(DERTag.utcTime, Array((two(date.year % 100) + tail).utf8))
    }
    let year = String(date.year)
    let padded = String(repeating: "0", count: max(0, 4 - year.count)) + year
    return element(DERTag.generalizedTime, Array((padded + tail).utf8))
  }

  private static func bigEndianBytes(_ value: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = value
    repeat {
      bytes.append(UInt8(rest & 0xFF))
      rest >>= 8
    } while rest > 0
    return bytes.reversed()
  }

  private static func base128(_ value: UInt64) -> [UInt8] {
    var bytes = [UInt8(value & 0x7F)]
    var rest = value >> 7
    while rest > 0 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return bytes.reversed()
  }
}
