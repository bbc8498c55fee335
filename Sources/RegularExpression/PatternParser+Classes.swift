extension PatternParser {
  /// Reads a bracketed class and returns what it compiles to.
  mutating func characterClass() throws(PatternError) -> Int {
    let start = index
    index += 1
    var ranges = CharacterRanges()
    var isNegated = false
    if index < scalars.count, scalars[index] == "^" {
      isNegated = true
      index += 1
    }
    var isFirst = true
    while true {
      guard index < scalars.count else { throw error("the class is not closed with ]", at: start) }
      if scalars[index] == "]", !isFirst {
        index += 1
        break
      }
      isFirst = false
      if let named = try posixClass() {
        ranges.formUnion(named)
        continue
      }
      if scalars[index] == "\\", let escaped = try escapedClass() {
        ranges.formUnion(escaped)
        continue
      }
      let rangeStart = index
      let low = try classCharacter(start)
      var high = low
      if index + 1 < scalars.count, scalars[index] == "-", scalars[index + 1] != "]" {
        index += 1
        high = try classCharacter(start)
        guard low.value <= high.value else {
          throw error("the range is in the wrong order", at: rangeStart)
        }
      }
      ranges.insert(low.value...high.value)
    }
    if isNegated { ranges.invert() }
    return ranges.programSize * (flags.foldsCase ? 2 : 1)
  }

  private mutating func classCharacter(_ start: Int) throws(PatternError) -> Unicode.Scalar {
    guard index < scalars.count else { throw error("the class is not closed with ]", at: start) }
    if scalars[index] == "\\" { return try escapedCharacter() }
    defer { index += 1 }
    return scalars[index]
  }

  /// Reads `[:name:]`; `nil` when there is none here.
  private mutating func posixClass() throws(PatternError) -> CharacterRanges? {
    guard scalars[index] == "[", index + 1 < scalars.count, scalars[index + 1] == ":" else {
      return nil
    }
    var end = index + 2
    while end + 1 < scalars.count, !(scalars[end] == ":" && scalars[end + 1] == "]") { end += 1 }
    guard end + 1 < scalars.count else { return nil }
    var name = String(String.UnicodeScalarView(scalars[(index + 2)..<end]))
    let isNegated = name.hasPrefix("^")
    if isNegated { name.removeFirst() }
    guard var ranges = CharacterRanges.posix[name] else {
      throw error("the class [:\(name.prefix(16)):] is not known", at: index)
    }
    if isNegated { ranges.invert() }
    index = end + 2
    return ranges
  }

  /// Reads `\d`, `\pL` and their kind; `nil`, with nothing read, for other escapes.
  mutating func escapedClass() throws(PatternError) -> CharacterRanges? {
    guard index + 1 < scalars.count else { return nil }
    let start = index
    let scalar = scalars[index + 1]
    let name: String
    switch scalar {
    case "d", "D": name = "digit"
    case "w", "W": name = "word"
    case "s", "S": name = "perl-space"
    case "p", "P":
      index += 2
      return try unicodeClass(isNegated: scalar == "P", from: start)
    default: return nil
    }
    index += 2
    guard var ranges = CharacterRanges.posix[name] else { return nil }
    if ["D", "W", "S"].contains(scalar) { ranges.invert() }
    return ranges
  }

  private mutating func unicodeClass(
    isNegated: Bool, from start: Int
  ) throws(PatternError) -> CharacterRanges {
    guard index < scalars.count else { throw error("the class of \\p is missing", at: start) }
    var name = ""
    if scalars[index] == "{" {
      index += 1
      while index < scalars.count, scalars[index] != "}" {
        name.unicodeScalars.append(scalars[index])
        index += 1
      }
      guard index < scalars.count else { throw error("the class of \\p is not closed", at: start) }
      index += 1
      if name.hasPrefix("^") { name.removeFirst() }
    } else {
      name.unicodeScalars.append(scalars[index])
      index += 1
    }
    guard UnicodeClassNames.contains(name) else {
      throw error("the class \\p{\(name.prefix(32))} is not known", at: start)
    }
    return name == "Any" ? .all : .unicodeEstimate
  }

  /// Reads an escape that stands for one character.
  mutating func escapedCharacter() throws(PatternError) -> Unicode.Scalar {
    let start = index
    guard index + 1 < scalars.count else {
      throw error("the pattern ends in a backslash", at: start)
    }
    let scalar = scalars[index + 1]
    index += 2
    switch scalar {
    case "a": return "\u{07}"
    case "f": return "\u{0C}"
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "v": return "\u{0B}"
    case "x": return try hexadecimal(from: start)
    case "0"..."7":
      if scalar != "0", index >= scalars.count || !("0"..."7").contains(scalars[index]) {
        throw error("backreferences are not part of RE2", at: start)
      }
      var value = scalar.value - 0x30
      var digits = 1
      while digits < 3, index < scalars.count, ("0"..."7").contains(scalars[index]) {
        value = value * 8 + scalars[index].value - 0x30
        index += 1
        digits += 1
      }
      guard let result = Unicode.Scalar(value) else {
        throw error("the escape is not a character", at: start)
      }
      return result
    case "8", "9": throw error("backreferences are not part of RE2", at: start)
    case "A"..."Z", "a"..."z": throw error("the escape \\\(scalar) is not part of RE2", at: start)
    default:
      guard scalar.isASCII else {
        throw error("the escape \\\(scalar) is not part of RE2", at: start)
      }
      return scalar
    }
  }

  private mutating func hexadecimal(from start: Int) throws(PatternError) -> Unicode.Scalar {
    var digits = ""
    if index < scalars.count, scalars[index] == "{" {
      index += 1
      while index < scalars.count, scalars[index] != "}", digits.count <= 8 {
        digits.unicodeScalars.append(scalars[index])
        index += 1
      }
      guard index < scalars.count, scalars[index] == "}" else {
        throw error("the \\x escape is malformed", at: start)
      }
      index += 1
    } else {
      while digits.count < 2, index < scalars.count {
        digits.unicodeScalars.append(scalars[index])
        index += 1
      }
      guard digits.count == 2 else { throw error("the \\x escape is malformed", at: start) }
    }
    guard digits.allSatisfy(\.isHexDigit), let value = UInt32(digits, radix: 16),
      let scalar = Unicode.Scalar(value)
    else { throw error("the \\x escape is malformed", at: start) }
    guard value <= 0xFF else {
      throw error("the \\x escape is above FF, and Envoy matches bytes", at: start)
    }
    return scalar
  }
}
