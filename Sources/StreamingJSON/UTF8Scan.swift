/// Whole-buffer checks of UTF-8 text, eight bytes at a time.
enum UTF8Scan {
  /// The offset of the first byte that is not part of well-formed UTF-8, or `nil`.
  static func firstInvalidOffset(_ bytes: [UInt8]) -> Int? {
    let span = bytes.span
    let count = span.count
    var index = 0
    while index < count {
      if span[index] < 0x80 {
        index = firstNonASCII(unsafe span.bytes, from: index)
        continue
      }
      let length = sequenceLength(span, at: index)
      guard length > 0 else { return index }
      index += length
    }
    return nil
  }

  private static func firstNonASCII(_ span: RawSpan, from start: Int) -> Int {
    let count = span.byteCount
    var index = start
    while index + 8 <= count {
      let word = unsafe span.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
      if word & 0x8080_8080_8080_8080 != 0 { break }
      index += 8
    }
    while index < count {
      let byte = unsafe span.unsafeLoadUnaligned(fromByteOffset: index, as: UInt8.self)
      if byte >= 0x80 { break }
      index += 1
    }
    return index
  }

  /// The length of the well-formed multi-byte sequence at `index` (Unicode 15, table 3-7), or 0.
  private static func sequenceLength(_ span: Span<UInt8>, at index: Int) -> Int {
    func continues(_ offset: Int, _ range: ClosedRange<UInt8> = 0x80...0xBF) -> Bool {
      index + offset < span.count && range.contains(span[index + offset])
    }
    switch span[index] {
    case 0xC2...0xDF: return continues(1) ? 2 : 0
    case 0xE0: return continues(1, 0xA0...0xBF) && continues(2) ? 3 : 0
    case 0xED: return continues(1, 0x80...0x9F) && continues(2) ? 3 : 0
    case 0xE1...0xEF: return continues(1) && continues(2) ? 3 : 0
    case 0xF0: return continues(1, 0x90...0xBF) && continues(2) && continues(3) ? 4 : 0
    case 0xF1...0xF3: return continues(1) && continues(2) && continues(3) ? 4 : 0
    case 0xF4: return continues(1, 0x80...0x8F) && continues(2) && continues(3) ? 4 : 0
    default: return 0
    }
  }
}
