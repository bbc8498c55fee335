/// The syntax of names that Istio's rules refer to.
enum NameSyntax {
  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: false
    }
  }

  /// Letters, digits and inner dashes, at most 63; upper case is allowed, as in Istio.
  static func isDNSLabel(_ text: some StringProtocol) -> Bool {
    let bytes = text.utf8
    guard let first = bytes.first, bytes.count <= 63 else { return false }
    var last = first
    for byte in bytes {
      guard isAlphanumeric(byte) || byte == UInt8(ascii: "-") else { return false }
      last = byte
    }
    return isAlphanumeric(first) && isAlphanumeric(last)
  }

  /// DNS labels with dots between them; the last may be empty and must not be all digits.
  static func isFQDN(_ text: some StringProtocol) -> Bool {
    guard !text.isEmpty, text.utf8.count <= 255 else { return false }
    var labels = text.split(separator: ".", omittingEmptySubsequences: false)
    if labels.count > 1, labels.last?.isEmpty == true { labels.removeLast() }
    guard let last = labels.last, labels.allSatisfy({ isDNSLabel($0) }) else { return false }
    return !last.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
  }

  /// A domain name whose first label may be `*`, `*-x` or `*x`.
  static func isWildcardDomain(_ text: String) -> Bool {
    guard text.utf8.count <= 255 else { return false }
    if text == "*" { return true }
    guard text.hasPrefix("*") else { return isFQDN(text) }
    let rest = text.dropFirst()
    if rest.hasPrefix(".") { return isFQDN(rest.dropFirst()) }
    return isFQDN(rest.hasPrefix("-") ? rest.dropFirst() : rest)
  }

  /// An optional DNS prefix and a name, as Kubernetes wants label keys.
  static func isLabelKey(_ text: String) -> Bool {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard let name = parts.last, parts.count <= 2, !name.isEmpty, isLabelValue(String(name)) else {
      return false
    }
    return parts.count == 1 || (parts[0].utf8.count <= 253 && isFQDN(parts[0]))
  }

  /// At most 63 letters, digits, dashes, underscores and dots, with letters or digits at the ends.
  static func isLabelValue(_ text: String) -> Bool {
    let bytes = text.utf8
    guard bytes.count <= 63 else { return false }
    guard let first = bytes.first, let last = bytes.last else { return true }
    return isAlphanumeric(first) && isAlphanumeric(last)
      && bytes.allSatisfy { isAlphanumeric($0) || "-_.".utf8.contains($0) }
  }

  /// An HTTP token (RFC 9110 §5.6.2).
  static func isToken(_ text: some StringProtocol) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { isAlphanumeric($0) || "!#$%&'*+-.^_`|~".utf8.contains($0) }
  }

  /// Protocols Istio knows, in upper case.
  static let protocols: Set<String> = [
    "HTTP", "HTTPS", "HTTP2", "GRPC", "GRPC-WEB", "TCP", "TLS", "MONGO", "MYSQL", "REDIS", "UDP",
    "HTTP_PROXY", "HBONE",
  ]

  /// Whether what is said in a protocol names the host it is for.
  static func namesHost(_ text: String) -> Bool {
    ["HTTP", "HTTP2", "GRPC", "GRPC-WEB", "HTTP_PROXY", "HTTPS", "TLS"].contains(text.uppercased())
  }

  /// A header name as Istio's schemas take it: letters, digits, dashes and underscores.
  static func isPlainHeaderName(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { isAlphanumeric($0) || "-_".utf8.contains($0) }
  }

  /// Whether a protocol is one Istio knows.
  static func isProtocol(_ text: String) -> Bool {
    protocols.contains(text.uppercased())
  }
}
