extension JSONReader {
  /// Passes over the next value, whatever it is, checking its syntax.
  ///
  /// Iterative: nesting costs one bit per level and ends in an error at
  /// ``JSONLimits/skippedDepth``.
  package mutating func skipValue() throws(JSONDecodingError) {
    var levels = NestingBits()
    while true {
      // A value starts here.
      switch skipWhitespace() {
      case UInt8(ascii: "{"):
        position += 1
        guard skipWhitespace() == UInt8(ascii: "}") else {
          try openLevel(&levels, isArray: false)
          try skipKey()
          continue
        }
        position += 1
      case UInt8(ascii: "["):
        position += 1
        guard skipWhitespace() == UInt8(ascii: "]") else {
          try openLevel(&levels, isArray: true)
          continue
        }
        position += 1
      case UInt8(ascii: "\""):
        position = try findStringEnd(from: position + 1).end + 1
      case UInt8(ascii: "t"): try expectLiteral("true")
      case UInt8(ascii: "f"): try expectLiteral("false")
      case UInt8(ascii: "n"): try expectLiteral("null")
      default: _ = try readNumberToken()
      }
      if try closeLevels(&levels) { return }
    }
  }

  /// Passes over the next value and returns its place in the document.
  package mutating func readRawRange() throws(JSONDecodingError) -> Range<Int> {
    _ = skipWhitespace()
    let start = position
    try skipValue()
    return start..<position
  }

  /// Passes over the next value and returns its bytes.
  package mutating func readRaw() throws(JSONDecodingError) -> ArraySlice<UInt8> {
    bytes[try readRawRange()]
  }

  /// Goes back to `offset`, a place returned by ``readRawRange()`` of the same member.
  ///
  /// Kubernetes puts `kind` behind `spec` at will; a caller that must know the kind first captures
  /// the range, and reads it when it knows. Only valid while the same objects are open.
  package mutating func rewind(to offset: Int) {
    position = min(max(0, offset), end)
  }

  /// The offset of the next byte to read.
  package var offset: Int { position }

  /// After a value: closes what ends here. True when the outermost value is complete.
  private mutating func closeLevels(_ levels: inout NestingBits) throws(JSONDecodingError) -> Bool {
    while levels.depth > 0 {
      let byte = skipWhitespace()
      if byte == UInt8(ascii: ",") {
        position += 1
        if !levels.isArray { try skipKey() }
        return false
      }
      let closing = levels.isArray ? UInt8(ascii: "]") : UInt8(ascii: "}")
      guard byte == closing else {
        throw error("a comma or a closing bracket is expected, not \(describeByte())")
      }
      position += 1
      levels.pop()
    }
    return true
  }

  private mutating func skipKey() throws(JSONDecodingError) {
    guard skipWhitespace() == UInt8(ascii: "\"") else {
      throw error("a key in double quotes is expected, not \(describeByte())")
    }
    position = try findStringEnd(from: position + 1).end + 1
    guard skipWhitespace() == UInt8(ascii: ":") else {
      throw error("a colon is expected, not \(describeByte())")
    }
    position += 1
  }

  private func openLevel(
    _ levels: inout NestingBits, isArray: Bool
  ) throws(JSONDecodingError) {
    guard levels.depth < limits.skippedDepth else {
      throw error("values nest deeper than \(limits.skippedDepth) levels")
    }
    levels.push(isArray: isArray)
  }
}

/// A stack of one bit per open bracket.
private struct NestingBits {
  private var current: UInt64 = 0
  private var saved: [UInt64] = []
  private(set) var depth = 0

  var isArray: Bool { current & 1 == 1 }

  mutating func push(isArray: Bool) {
    if depth > 0, depth % 64 == 0 {
      saved.append(current)
      current = 0
    }
    current = current << 1 | (isArray ? 1 : 0)
    depth += 1
  }

  mutating func pop() {
    depth -= 1
    current >>= 1
    if depth > 0, depth % 64 == 0 { current = saved.popLast() ?? 0 }
  }
}
