import RegularExpression
import Testing

@Suite struct RegularExpressionTests {
  static let accepted = [
    "", "a", ".*", "/api/v[0-9]+/.*", "^a$", "(a|b)*c", "(?i)hello", "(?i:a)b", "(?-i:a)",
    "(?P<n>a)",
    "(?<n>a)", "[]a]", "[^]a]", "[a-z0-9_-]+", "[-a]", "[a-]", "[[:alpha:]][[:^digit:]]",
    "\\d\\D\\w\\W\\s\\S",
    "\\pL\\p{Greek}\\P{Nd}\\p{^Lu}", "\\bword\\B", "\\Aa\\z", "\\Q.*(\\E+", "\\x41\\x{E9}",
    "\\012\\0",
    "a{2}", "a{2,}", "a{2,5}", "a{2,5}?", "a{", "a{,5}", "a{x}", "a*?", "a+?", "a??", "a||b", "()",
    "(|a)",
    "^*", "\\.\\-\\_\\/", "[\\d\\-x]", "é[à-ü]", "(?s).", "x{1000}", "((a{10}){10}){10}", "\\C",
    "[[a]",
    "[a-\\x7f]", "(?im-sU)a", "\\12",
  ]

  @Test(arguments: accepted)
  func `what RE2 accepts is accepted`(pattern: String) {
    #expect(RegularExpression.validate(pattern) == nil)
  }

  static let refused: [(String, String, Int)] = [
    ("*", "nothing stands before", 0), ("a**", "stacked", 2), ("a{2}{3}", "stacked", 4),
    ("a+*", "stacked", 2), ("(", "not closed", 0), ("(a", "not closed", 0),
    ("a)", "closes nothing", 1),
    ("[a", "not closed", 0), ("[", "not closed", 0), ("[]", "not closed", 0),
    ("[z-a]", "wrong order", 1),
    ("a(?=b)", "lookaround", 1), ("(?!a)", "lookaround", 0), ("(?<=a)b", "lookaround", 0),
    ("(?<!a)b", "lookaround", 0), ("(a)\\1", "backreferences", 3), ("\\8", "backreferences", 0),
    ("a\\", "backslash", 1), ("\\q", "not part of RE2", 0), ("\\Z", "not part of RE2", 0),
    ("\\x4", "malformed", 0), ("\\x{110000}", "malformed", 0), ("\\xzz", "malformed", 0),
    ("\\x{1F600}", "above FF", 0),
    ("a{1001}", "larger than 1000", 1), ("a{5,2}", "smaller count", 1),
    ("(a{100}){100}", "multiply", 8),
    ("(?P<n>a)(?P<n>b)", "twice", 8), ("(?P<>a)", "malformed", 0), ("(?P=n)", "<name>", 0),
    ("(?z)", "flag", 0), ("(?i-)", "flag is missing", 0), ("\\p{Klingon}", "not known", 0),
    ("[[:foo:]]", "not known", 1), ("|*", "nothing stands before", 1),
    ("(*a)", "nothing stands", 1),
    ("(?i)*", "nothing stands", 4), ("(?>a)", "flag", 0), ("\\p", "missing", 0),
    ("(?", "not closed", 0),
  ]

  @Test(arguments: refused)
  func `what RE2 refuses is refused with the place`(pattern: String, part: String, offset: Int) {
    let error = RegularExpression.validate(pattern)
    #expect(error?.message.contains(part) == true, "\(String(describing: error))")
    #expect(error?.offset == offset)
  }

  @Test func `a pattern that is too long or too large is refused`() {
    #expect(RegularExpression.validate(String(repeating: "a", count: 1_024)) == nil)
    #expect(RegularExpression.validate(String(repeating: "a", count: 1_025)) != nil)
    #expect(RegularExpression.validate("((.{10}){10}){10}") == nil)
    let large = String(repeating: "(.{1000})", count: 4)
    #expect(RegularExpression.validate(large)?.message.contains("instructions") == true)
  }

  @Test func `deep nesting is an error and not a crash`() {
    let limits = RegularExpression.Limits(length: 1 << 20)
    let pattern = String(repeating: "(", count: 100_000)
    #expect(RegularExpression.validate(pattern, limits: limits)?.message.contains("deep") == true)
  }

  @Test func `no random pattern traps`() {
    let alphabet = Array("ab()[]{}*+?|\\^$.-,:pPQExz019<>=!i&é")
    for _ in 0..<20_000 {
      let pattern = String(
        (0..<Int.random(in: 0...24)).compactMap { _ in alphabet.randomElement() })
      _ = RegularExpression.validate(pattern)
    }
  }
}
