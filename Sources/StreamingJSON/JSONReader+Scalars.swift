extension JSONReader {
  /// Consumes `null` when it comes next and says whether it did.
  package mutating func readNull() throws(JSONDecodingError) -> Bool {
    guard skipWhitespace() == UInt8(ascii: "n") else { return false }
    try expectLiteral("null")
    return true
  }

  /// Reads a boolean.
  package mutating func readBool() throws(JSONDecodingError) -> Bool {
    switch skipWhitespace() {
    case UInt8(ascii: "t"):
      try expectLiteral("true")
      return true
    case UInt8(ascii: "f"):
      try expectLiteral("false")
      return false
    default:
      throw mismatch("true or false")
    }
  }

  /// Reads a string, with its escapes resolved.
  package mutating func readString() throws(JSONDecodingError) -> String {
    guard skipWhitespace() == UInt8(ascii: "\"") else {
      var error = mismatch("a string")
      // In YAML `no`, `on` and `1.10` are not strings, which surprises everyone once.
      if let kind = try? peekKind(), kind == .bool || kind == .number {
        error.remedy = "put the value in quotes"
      }
      throw error
    }
    let start = position + 1
    let stop = try findStringEnd(from: start)
    position = stop.end + 1
    if stop.hasEscapes { return try unescape(start..<stop.end) }
    // The whole document was found to be UTF-8, and quotes do not cut a character.
    return String(decoding: bytes[start..<stop.end], as: UTF8.self)
  }

  /// Reads a whole number that fits `Integer`; `1.0` and `1e2` count as whole numbers.
  @inlinable
  package mutating func readInteger<Integer: FixedWidthInteger>(
    _ type: Integer.Type = Integer.self
  ) throws(JSONDecodingError) -> Integer {
    switch try readWholeNumber() {
    case .integer(let value):
      if let exact = Integer(exactly: value) { return exact }
    case .double(let value):
      if let exact = Integer(exactly: value) { return exact }
    }
    throw error("the number is not a whole number in \(Integer.min)...\(Integer.max)")
  }

  /// A number that may be whole, as it is written.
  @usableFromInline
  package enum WholeNumber: Sendable {
    /// Digits alone.
    case integer(Int64)
    /// Something with a fraction or exponent, or beyond 64 bits.
    case double(Double)
  }

  /// Reads a number without deciding on its type.
  @usableFromInline
  package mutating func readWholeNumber() throws(JSONDecodingError) -> WholeNumber {
    if skipWhitespace() == UInt8(ascii: "\"") {
      throw error("a whole number is expected, not a string", remedy: "remove the quotes")
    }
    let token = try readNumberToken()
    if token.isInteger, let value = parseInteger(token.range) { return .integer(value) }
    guard let double = Double(text(token.range)), double.isFinite else {
      throw error("the number is too large")
    }
    return .double(double)
  }

  /// Reads a number.
  package mutating func readDouble() throws(JSONDecodingError) -> Double {
    let token = try readNumberToken()
    guard let value = Double(text(token.range)), value.isFinite else {
      throw error("the number is too large")
    }
    return value
  }

  /// A number's place in the document and whether it is written without fraction and exponent.
  struct NumberToken {
    var range: Range<Int>
    var isInteger: Bool
  }

  /// Passes over a number and checks its grammar (RFC 8259 §6).
  mutating func readNumberToken() throws(JSONDecodingError) -> NumberToken {
    guard let first = skipWhitespace(),
      first == UInt8(ascii: "-") || (first >= UInt8(ascii: "0") && first <= UInt8(ascii: "9"))
    else { throw mismatch("a number") }
    let start = position
    var index = position
    var isInteger = true
    if bytes[index] == UInt8(ascii: "-") { index += 1 }
    let digits = index
    index = endOfDigits(from: index)
    let isZeroLed = index - digits > 1 && bytes[digits] == UInt8(ascii: "0")
    guard index > digits, !isZeroLed else { throw error("the number is malformed") }
    if index < end, bytes[index] == UInt8(ascii: ".") {
      isInteger = false
      let fraction = index + 1
      index = endOfDigits(from: fraction)
      guard index > fraction else { throw error("the number is malformed") }
    }
    if index < end, bytes[index] | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      index += 1
      if index < end, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") {
        index += 1
      }
      let exponent = index
      index = endOfDigits(from: exponent)
      guard index > exponent else { throw error("the number is malformed") }
    }
    // A double needs far fewer digits; more only cost time to parse.
    guard index - start <= 1_024 else { throw error("the number has more than 1024 characters") }
    position = index
    return NumberToken(range: start..<index, isInteger: isInteger)
  }

  func endOfDigits(from start: Int) -> Int {
    var index = start
    while index < end, bytes[index] >= UInt8(ascii: "0"), bytes[index] <= UInt8(ascii: "9") {
      index += 1
    }
    return index
  }

  func text(_ range: Range<Int>) -> String {
    String(decoding: bytes[range], as: UTF8.self)
  }

  /// The value of a decimal token, or `nil` when it does not fit.
  func parseInteger(_ range: Range<Int>) -> Int64? {
    var index = range.lowerBound
    let isNegative = bytes[index] == UInt8(ascii: "-")
    if isNegative { index += 1 }
    var value: Int64 = 0
    while index < range.upperBound {
      let digit = Int64(bytes[index] &- UInt8(ascii: "0"))
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) =
        isNegative
        ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
      if overflow || carry { return nil }
      value = sum
      index += 1
    }
    return value
  }

  /// The offset of the quote that ends the string whose text starts at `start`.
  func findStringEnd(
    from start: Int
  ) throws(JSONDecodingError) -> (end: Int, hasEscapes: Bool) {
    var index = start
    var hasEscapes = false
    let raw = unsafe bytes.span.bytes
    while true {
      // Eight bytes at a time while none is a quote, a backslash or a control character.
      while index + 8 <= end {
        let word = unsafe raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
        let hits = Self.stringDelimiters(word)
        if hits != 0 {
          index += hits.littleEndian.trailingZeroBitCount / 8
          break
        }
        index += 8
      }
      guard index < end else { throw error("the string is not closed") }
      let byte = bytes[index]
      if byte == UInt8(ascii: "\"") { return (index, hasEscapes) }
      if byte == UInt8(ascii: "\\") {
        hasEscapes = true
        index += 2
      } else if byte < 0x20 {
        throw error(
          byte == 0
            ? "the string contains a NUL byte"
            : "the string contains an unescaped control character")
      } else {
        index += 1
      }
    }
  }

  /// Marks the bytes of a word that are `"`, `\` or below 0x20 in their highest bits.
  ///
  /// The lowest mark is exact; a borrow can set marks above it that mean nothing.
  @inline(__always)
  private static func stringDelimiters(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    let quote = word ^ (ones &* 0x22)
    let slash = word ^ (ones &* 0x5C)
    let hit =
      ((quote &- ones) & ~quote) | ((slash &- ones) & ~slash) | ((word &- (ones &* 0x20)) & ~word)
    return hit & highs
  }

  private func unescape(_ range: Range<Int>) throws(JSONDecodingError) -> String {
    var out: [UInt8] = []
    out.reserveCapacity(range.count)
    var index = range.lowerBound
    while index < range.upperBound {
      let byte = bytes[index]
      index += 1
      guard byte == UInt8(ascii: "\\") else {
        out.append(byte)
        continue
      }
      guard index < range.upperBound else { throw error("the string ends in a backslash") }
      let escape = bytes[index]
      index += 1
      switch escape {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(escape)
      case UInt8(ascii: "b"): out.append(0x08)
      case UInt8(ascii: "f"): out.append(0x0C)
      case UInt8(ascii: "n"): out.append(0x0A)
      case UInt8(ascii: "r"): out.append(0x0D)
      case UInt8(ascii: "t"): out.append(0x09)
      case UInt8(ascii: "u"):
        var unit = try hexUnit(at: index, limit: range.upperBound)
        index += 4
        if unit >= 0xD800, unit <= 0xDBFF {
          guard index + 6 <= range.upperBound, bytes[index] == UInt8(ascii: "\\"),
            bytes[index + 1] == UInt8(ascii: "u")
          else { throw error("the string contains half of a surrogate pair") }
          let low = try hexUnit(at: index + 2, limit: range.upperBound)
          guard low >= 0xDC00, low <= 0xDFFF else {
            throw error("the string contains half of a surrogate pair")
          }
          unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)
          index += 6
        }
        guard unit != 0 else { throw error("the string contains a NUL character") }
        guard let scalar = Unicode.Scalar(unit) else {
          throw error("the string contains half of a surrogate pair")
        }
        out.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
      default:
        throw error("the string contains an unknown escape")
      }
    }
    guard let text = String(validating: out, as: UTF8.self) else {
      throw error("the string is not UTF-8")
    }
    return text
  }

  private func hexUnit(at start: Int, limit: Int) throws(JSONDecodingError) -> UInt32 {
    guard start + 4 <= limit else { throw error("the string contains a short \\u escape") }
    var unit: UInt32 = 0
    for byte in bytes[start..<(start + 4)] {
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
      default: throw error("the string contains a malformed \\u escape")
      }
      unit = unit << 4 | UInt32(digit)
    }
    return unit
  }
}
