internal import StreamingJSON

/// What plain YAML scalars mean, as Kubernetes reads them.
///
/// Kubernetes tools read YAML through sigs.k8s.io/yaml, which keeps to YAML 1.1: `yes`, `on` and
/// `y` are booleans, `010` is eight, `1_000` is a thousand. Anything written in quotes is a string.
enum YAMLScalar {
  /// The value of a plain scalar; `nil` for the numbers JSON cannot express.
  static func resolve(_ text: String) -> JSONValue? {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON": return .bool(true)
    case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
      return .bool(false)
    case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF", ".nan",
      ".NaN", ".NAN":
      return nil
    default: break
    }
    guard let first = text.utf8.first,
      first == UInt8(ascii: "+") || first == UInt8(ascii: "-") || first == UInt8(ascii: ".")
        || (first >= UInt8(ascii: "0") && first <= UInt8(ascii: "9")), text.utf8.count <= 512
    else { return .string(text) }
    let digits = text.filter { $0 != "_" }
    if let integer = integer(digits) { return integer }
    if isFloat(digits) {
      guard let value = Double(digits.hasPrefix("+") ? String(digits.dropFirst()) : digits),
        value.isFinite
      else { return nil }
      return .number(value)
    }
    return .string(text)
  }

  private static func integer(_ text: String) -> JSONValue? {
    var rest = Substring(text)
    let isNegative = rest.first == "-"
    if isNegative || rest.first == "+" { rest = rest.dropFirst() }
    var radix = 10
    let lower = rest.prefix(2).lowercased()
    switch lower {
    case "0x": radix = 16
    case "0b": radix = 2
    case "0o": radix = 8
    default:
      if rest.count > 1, rest.first == "0" {
        radix = 8
        rest = rest.dropFirst()
      }
    }
    if radix != 10, lower == "0x" || lower == "0b" || lower == "0o" { rest = rest.dropFirst(2) }
    guard let head = rest.first, head != "-", head != "+" else { return nil }
    guard let magnitude = UInt64(rest, radix: radix) else { return nil }
    if isNegative {
      guard magnitude <= UInt64(Int64.max) + 1 else { return nil }
      return .integer(Int64(truncatingIfNeeded: 0 &- magnitude))
    }
    return Int64(exactly: magnitude).map { .integer($0) } ?? .number(Double(magnitude))
  }

  /// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
  private static func isFloat(_ text: String) -> Bool {
    var bytes = Array(text.utf8)[...]
    func takeDigits() -> Int {
      let count = bytes.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }.count
      bytes = bytes.dropFirst(count)
      return count
    }
    func takeSign() {
      if bytes.first == UInt8(ascii: "-") || bytes.first == UInt8(ascii: "+") {
        bytes = bytes.dropFirst()
      }
    }
    takeSign()
    let whole = takeDigits()
    if bytes.first == UInt8(ascii: ".") {
      bytes = bytes.dropFirst()
      if takeDigits() == 0, whole == 0 { return false }
    } else if whole == 0 {
      return false
    }
    if let mark = bytes.first, mark | 0x20 == UInt8(ascii: "e") {
      bytes = bytes.dropFirst()
      takeSign()
      if takeDigits() == 0 { return false }
    }
    return bytes.isEmpty
  }
}
