/// The `Warning` header with which a server speaks to users (RFC 9111 §5.5), `299 - "text"`.
enum WarningHeader {
  /// The text alone.
  static func text(_ header: String) -> String {
    guard let start = header.firstIndex(of: "\""), header.hasSuffix("\"") else { return header }
    let quoted = header[header.index(after: start)...].dropLast()
    var text = ""
    var isEscaped = false
    for character in quoted {
      if character == "\\", !isEscaped {
        isEscaped = true
      } else {
        text.append(character)
        isEscaped = false
      }
    }
    return text
  }
}
