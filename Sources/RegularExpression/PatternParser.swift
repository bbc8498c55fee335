/// Checks the syntax of one pattern and adds up what it compiles to, without recursion.
struct PatternParser {
  typealias PatternError = RegularExpression.PatternError

  /// The last operand of a concatenation, which a repetition may take hold of.
  private struct Operand {
    var size: Int
    /// The product of the counted repetitions inside.
    var repeats = 1
    /// Whether it is already repeated; RE2 refuses to stack repetitions.
    var isRepeated = false
  }

  /// An open group, or the pattern itself.
  private struct Group {
    var start: Int
    var closed = 0
    var repeats = 1
    var operand: Operand?
    var isCapture: Bool
    var flags: Flags
  }

  struct Flags {
    var foldsCase = false
  }

  /// RE2 refuses counts beyond this, alone or multiplied by nesting.
  private static let maximumRepeat = 1_000
  /// RE2 refuses deeper nesting.
  private static let maximumDepth = 1_000
  /// The instructions RE2 adds around a program: fail, match and the search loop.
  private static let programOverhead = 4

  let scalars: [Unicode.Scalar]
  var index = 0
  var flags = Flags()
  private var groups: [Group] = []
  private var names: Set<String> = []

  init(_ scalars: [Unicode.Scalar]) {
    self.scalars = scalars
  }

  /// Parses the whole pattern and returns the estimate of its program size.
  mutating func parse() throws(PatternError) -> Int {
    groups = [Group(start: 0, isCapture: false, flags: flags)]
    while index < scalars.count {
      let start = index
      switch scalars[index] {
      case "(": try openGroup()
      case ")": try closeGroup()
      case "|":
        index += 1
        finishOperand()
        groups[groups.count - 1].closed = saturating(groups[groups.count - 1].closed, 1)
      case "*", "+", "?":
        index += 1
        try repeatOperand(minimum: scalars[start] == "+" ? 1 : 0, maximum: nil, from: start)
      case "{":
        if let (minimum, maximum) = try countedRepeat() {
          try repeatCounted(minimum: minimum, maximum: maximum, from: start)
        } else {
          index = start + 1
          push(literal("{"))
        }
      case "[": push(try characterClass())
      case ".":
        index += 1
        push(CharacterRanges.anyCharacter.programSize)
      case "^", "$":
        index += 1
        push(1)
      case "\\": try escape()
      default:
        index += 1
        push(literal(scalars[start]))
      }
    }
    guard groups.count == 1 else {
      throw error("the group is not closed with )", at: groups[groups.count - 1].start)
    }
    finishOperand()
    return saturating(groups[0].closed, Self.programOverhead)
  }

  // MARK: Operands

  private mutating func push(_ size: Int, repeats: Int = 1) {
    finishOperand()
    groups[groups.count - 1].operand = Operand(size: size, repeats: repeats)
  }

  private mutating func finishOperand() {
    let top = groups.count - 1
    guard let operand = groups[top].operand else { return }
    groups[top].closed = saturating(groups[top].closed, operand.size)
    groups[top].repeats = max(groups[top].repeats, operand.repeats)
    groups[top].operand = nil
  }

  private func literal(_ scalar: Unicode.Scalar) -> Int {
    let length = UTF8.width(scalar)
    // A letter that folds beyond ASCII (k, s) becomes a small alternation.
    return flags.foldsCase && length > 1 ? 2 * length + 1 : length
  }

  private func saturating(_ left: Int, _ right: Int) -> Int {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? Int.max : sum
  }

  private func saturatingProduct(_ left: Int, _ right: Int) -> Int {
    let (product, overflow) = left.multipliedReportingOverflow(by: right)
    return overflow ? Int.max : product
  }

  // MARK: Repetition

  private mutating func repeatOperand(
    minimum: Int, maximum: Int?, from start: Int
  ) throws(PatternError) {
    let top = groups.count - 1
    guard var operand = groups[top].operand else {
      throw error("nothing stands before the repetition", at: start)
    }
    guard !operand.isRepeated else { throw error("repetitions are stacked", at: start) }
    if index < scalars.count, scalars[index] == "?" { index += 1 }
    operand.size = saturating(operand.size, 1)
    operand.isRepeated = true
    groups[top].operand = operand
  }

  private mutating func repeatCounted(
    minimum: Int, maximum: Int?, from start: Int
  ) throws(PatternError) {
    guard minimum <= Self.maximumRepeat, (maximum ?? minimum) <= Self.maximumRepeat else {
      throw error("a count is larger than \(Self.maximumRepeat)", at: start)
    }
    if let maximum, minimum > maximum {
      throw error("the smaller count stands behind the larger one", at: start)
    }
    let top = groups.count - 1
    guard let before = groups[top].operand else {
      throw error("nothing stands before the repetition", at: start)
    }
    try repeatOperand(minimum: minimum, maximum: maximum, from: start)
    var operand = before
    operand.isRepeated = true
    operand.repeats = saturatingProduct(before.repeats, max(1, maximum ?? minimum))
    guard operand.repeats <= Self.maximumRepeat else {
      throw error("nested counts multiply to more than \(Self.maximumRepeat)", at: start)
    }
    if let maximum {
      // Each optional copy costs one more instruction.
      operand.size = saturating(saturatingProduct(before.size, max(1, maximum)), maximum - minimum)
    } else {
      operand.size = saturating(saturatingProduct(before.size, max(1, minimum)), 1)
    }
    groups[top].operand = operand
  }

  /// Reads `{n}`, `{n,}` or `{n,m}`; `nil` when the brace is a literal.
  private mutating func countedRepeat() throws(PatternError) -> (Int, Int?)? {
    index += 1
    guard let minimum = number() else { return nil }
    var maximum: Int? = minimum
    if index < scalars.count, scalars[index] == "," {
      index += 1
      maximum = number()
    }
    guard index < scalars.count, scalars[index] == "}" else { return nil }
    index += 1
    return (minimum, maximum)
  }

  private mutating func number() -> Int? {
    var value: Int?
    while index < scalars.count, ("0"..."9").contains(scalars[index]) {
      // Large values stay large; they need not stay exact.
      value = min(1_000_000, (value ?? 0) * 10 + Int(scalars[index].value - 0x30))
      index += 1
    }
    return value
  }

  // MARK: Groups

  private mutating func openGroup() throws(PatternError) {
    let start = index
    guard groups.count < Self.maximumDepth else { throw error("groups nest too deep", at: start) }
    index += 1
    guard index < scalars.count, scalars[index] == "?" else {
      groups.append(Group(start: start, isCapture: true, flags: flags))
      return
    }
    index += 1
    guard index < scalars.count else { throw error("the group is not closed with )", at: start) }
    switch scalars[index] {
    case "=", "!": throw error("lookaround is not part of RE2", at: start)
    case "P", "<":
      if scalars[index] == "P" { index += 1 }
      guard index < scalars.count, scalars[index] == "<" else {
        throw error("(?P must be followed by <name>", at: start)
      }
      index += 1
      if index < scalars.count, scalars[index] == "=" || scalars[index] == "!" {
        throw error("lookaround is not part of RE2", at: start)
      }
      try readName(from: start)
      groups.append(Group(start: start, isCapture: true, flags: flags))
    default: try readFlags(from: start)
    }
  }

  private mutating func readName(from start: Int) throws(PatternError) {
    var name = ""
    while index < scalars.count, scalars[index] != ">" {
      let scalar = scalars[index]
      guard scalar == "_" || scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) else {
        throw error("the name of the group is malformed", at: start)
      }
      name.unicodeScalars.append(scalar)
      index += 1
    }
    guard index < scalars.count, !name.isEmpty else {
      throw error("the name of the group is malformed", at: start)
    }
    index += 1
    guard names.insert(name).inserted else {
      throw error("the group name \"\(name)\" is given twice", at: start)
    }
  }

  private mutating func readFlags(from start: Int) throws(PatternError) {
    let outer = flags
    var isNegated = false
    var sawFlag = false
    while index < scalars.count {
      let scalar = scalars[index]
      index += 1
      switch scalar {
      case "i":
        flags.foldsCase = !isNegated
        sawFlag = true
      case "m", "s", "U": sawFlag = true
      case "-" where !isNegated:
        isNegated = true
        sawFlag = false
      case ":", ")":
        guard !isNegated || sawFlag else { throw error("a flag is missing after -", at: start) }
        if scalar == ":" {
          groups.append(Group(start: start, isCapture: false, flags: outer))
        } else {
          finishOperand()
        }
        return
      default: throw error("the group flag \"\(scalar)\" is not part of RE2", at: start)
      }
    }
    throw error("the group is not closed with )", at: start)
  }

  private mutating func closeGroup() throws(PatternError) {
    guard groups.count > 1 else { throw error("the ) closes nothing", at: index) }
    index += 1
    finishOperand()
    let group = groups.removeLast()
    flags = group.flags
    push(saturating(group.closed, group.isCapture ? 2 : 0), repeats: group.repeats)
  }

  // MARK: Escapes

  private mutating func escape() throws(PatternError) {
    let start = index
    guard index + 1 < scalars.count else {
      throw error("the pattern ends in a backslash", at: start)
    }
    switch scalars[index + 1] {
    case "b", "B", "A", "z":
      index += 2
      push(1)
    case "C":
      index += 2
      push(1)
    case "Q":
      index += 2
      while index < scalars.count {
        if scalars[index] == "\\", index + 1 < scalars.count, scalars[index + 1] == "E" {
          index += 2
          return
        }
        push(literal(scalars[index]))
        index += 1
      }
    default:
      if let ranges = try escapedClass() {
        push(ranges.programSize)
      } else {
        push(literal(try escapedCharacter()))
      }
    }
  }

  func error(_ message: String, at offset: Int) -> PatternError {
    PatternError(message: message, offset: offset)
  }
}
