/// The rules for headers that a route adds, sets or removes.
enum HeaderSyntax {
  /// Why a header may not be edited, or `nil`.
  static func fault(name: String, isRequest: Bool, isRemoval: Bool) -> String? {
    if name.isEmpty { return "the header name is empty" }
    let lower = name.lowercased()
    let isAuthority = lower == ":authority" || lower == "host"
    if isRemoval || !isRequest {
      if lower == "host" { return "the host header cannot be edited here" }
      if name.hasPrefix(":") { return "pseudo headers cannot be edited here" }
    } else if name.hasPrefix(":"), !isAuthority {
      return "of the pseudo headers only :authority can be set"
    }
    return nil
  }

  /// Why a header value is refused, or `nil`.
  ///
  /// Envoy replaces `%NAME%` and `%NAME(arguments)%` in values; `%%` stands for a percent sign.
  static func fault(value: String) -> String? {
    let bytes = Array(value.utf8)
    guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
      return "the header value contains a control character"
    }
    var index = 0
    while index < bytes.count {
      guard bytes[index] == UInt8(ascii: "%") else {
        index += 1
        continue
      }
      index += 1
      if index < bytes.count, bytes[index] == UInt8(ascii: "%") {
        index += 1
        continue
      }
      guard let after = endOfVariable(bytes, from: index) else {
        return "a variable in the header value is malformed (a percent sign is written %%)"
      }
      index = after
    }
    return nil
  }

  private static func endOfVariable(_ bytes: [UInt8], from start: Int) -> Int? {
    var index = start
    func isNamed(_ byte: UInt8) -> Bool {
      byte == UInt8(ascii: "_") || (byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z"))
        || (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"))
    }
    while index < bytes.count, isNamed(bytes[index]) { index += 1 }
    guard index > start, index < bytes.count else { return nil }
    if bytes[index] == UInt8(ascii: "(") {
      guard let close = bytes[index...].firstIndex(of: UInt8(ascii: ")")) else { return nil }
      index = close + 1
      // `%NAME(arguments):12%` cuts the value to a length.
      if index < bytes.count, bytes[index] == UInt8(ascii: ":") {
        index += 1
        while index < bytes.count, bytes[index] >= 0x30, bytes[index] <= 0x39 { index += 1 }
      }
    }
    guard index < bytes.count, bytes[index] == UInt8(ascii: "%") else { return nil }
    return index + 1
  }
}
