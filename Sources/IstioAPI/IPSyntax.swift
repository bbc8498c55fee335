/// The syntax of IP addresses and CIDR blocks.
enum IPSyntax {
  /// Whether the text is an IPv4 or IPv6 address.
  static func isAddress(_ text: some StringProtocol) -> Bool {
    isIPv4(text) || isIPv6(text)
  }

  /// Whether the text is an address, a slash and a prefix length.
  static func isNetwork(_ text: String) -> Bool {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let length = decimal(parts[1], maximum: 128) else { return false }
    return isIPv4(parts[0]) ? length <= 32 : isIPv6(parts[0])
  }

  static func isIPv4(_ text: some StringProtocol) -> Bool {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts.allSatisfy { decimal($0, maximum: 255) != nil }
  }

  static func isIPv6(_ text: some StringProtocol) -> Bool {
    guard text.utf8.count <= 45, text.contains(":") else { return false }
    let halves = text.split(separator: "::", omittingEmptySubsequences: false)
    guard halves.count <= 2 else { return false }
    var count = 0
    for (index, half) in halves.enumerated() where !half.isEmpty {
      var groups = half.split(separator: ":", omittingEmptySubsequences: false)
      if index == halves.count - 1, let last = groups.last, last.contains(".") {
        guard isIPv4(last) else { return false }
        groups.removeLast()
        count += 2
      }
      guard groups.allSatisfy({ (1...4).contains($0.utf8.count) && $0.allSatisfy(\.isHexDigit) })
      else { return false }
      count += groups.count
    }
    return halves.count == 2 ? count <= 7 : count == 8
  }

  private static func decimal(_ text: some StringProtocol, maximum: Int) -> Int? {
    guard (1...3).contains(text.utf8.count), text.utf8.count == 1 || text.utf8.first != 0x30,
      text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let value = Int(text), value <= maximum
    else { return nil }
    return value
  }
}
