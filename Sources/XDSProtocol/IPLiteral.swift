/// IP addresses in text.
package enum IPLiteral {
  /// Whether `text` is an IPv4 or IPv6 address in its usual notation (RFC 4291 §2.2), without a zone.
  package static func isValid(_ text: String) -> Bool {
    isIPv4(text[...]) || isIPv6(text)
  }

  package static func isIPv4(_ text: Substring) -> Bool {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4
      && parts.allSatisfy { part in
        part.utf8.count <= 3 && !part.isEmpty
          && part.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
          && UInt8(part) != nil
      }
  }

  package static func isIPv6(_ text: String) -> Bool {
    guard text.utf8.contains(UInt8(ascii: ":")), text.utf8.count <= 45 else { return false }
    let halves = split(text)
    guard halves.count <= 2 else { return false }
    var groups = 0
    for half in halves where !half.isEmpty {
      let parts = half.split(separator: ":", omittingEmptySubsequences: false)
      for (index, part) in parts.enumerated() {
        if part.contains(".") {
          guard index == parts.count - 1, isIPv4(part) else { return false }
          groups += 2
        } else {
          let isGroup = (1...4).contains(part.utf8.count) && part.utf8.allSatisfy(isHexadecimal)
          guard isGroup else { return false }
          groups += 1
        }
      }
    }
    return halves.count == 2 ? groups < 8 : groups == 8
  }

  private static func split(_ text: String) -> [Substring] {
    guard let gap = text.firstRange(of: "::") else { return [text[...]] }
    return [text[..<gap.lowerBound]] + split(String(text[gap.upperBound...])).map { $0 }
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"):
      true
    default: false
    }
  }
}
