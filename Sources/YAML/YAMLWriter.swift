package import StreamingJSON

/// Writes values as YAML in block style, the way kubectl prints objects.
package struct YAMLWriter {
  private var text = ""

  /// The YAML text of a value, ending in a line break.
  package static func text(_ value: JSONValue) -> String {
    var writer = YAMLWriter()
    switch value {
    case .object(let object) where !object.isEmpty: writer.members(object, indent: 0)
    case .array(let elements) where !elements.isEmpty: writer.elements(elements, indent: 0)
    default: writer.text += writer.flow(value) + "\n"
    }
    return writer.text
  }

  private mutating func members(_ object: JSONObject, indent: Int, firstIsOpen: Bool = false) {
    var isOpen = firstIsOpen
    for (key, value) in object {
      if !isOpen { pad(indent) }
      isOpen = false
      text += scalar(key) + ":"
      switch value {
      case .object(let object) where !object.isEmpty:
        text += "\n"
        members(object, indent: indent + 2)
      case .array(let elements) where !elements.isEmpty:
        text += "\n"
        self.elements(elements, indent: indent)
      case .string(let string) where Self.isBlock(string): block(string, indent: indent + 2)
      default: text += " " + flow(value) + "\n"
      }
    }
  }

  private mutating func elements(_ elements: [JSONValue], indent: Int) {
    for element in elements {
      pad(indent)
      text += "-"
      switch element {
      case .object(let object) where !object.isEmpty:
        text += " "
        members(object, indent: indent + 2, firstIsOpen: true)
      case .array(let inner) where !inner.isEmpty:
        text += "\n"
        self.elements(inner, indent: indent + 2)
      case .string(let string) where Self.isBlock(string): block(string, indent: indent + 2)
      default: text += " " + flow(element) + "\n"
      }
    }
  }

  private mutating func block(_ string: String, indent: Int) {
    text += string.hasSuffix("\n") ? " |\n" : " |-\n"
    let body = string.hasSuffix("\n") ? String(string.dropLast()) : string
    for line in body.split(separator: "\n", omittingEmptySubsequences: false) {
      if !line.isEmpty { pad(indent) }
      text += line + "\n"
    }
  }

  private mutating func pad(_ indent: Int) {
    text += String(repeating: " ", count: indent)
  }

  private func flow(_ value: JSONValue) -> String {
    switch value {
    case .string(let string): scalar(string)
    case .array: "[]"
    case .object: "{}"
    default: String(decoding: value.serialized(), as: UTF8.self)
    }
  }

  /// A string in the plainest form that reads back as the same string.
  private func scalar(_ string: String) -> String {
    let isPlain =
      YAMLScalar.resolve(string) == .string(string) && !string.isEmpty && string != "<<"
      && string.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
      && string.utf8.first.map { !"-?:,[]{}#&*!|>'\"%@` =.".utf8.contains($0) } == true
      && string.utf8.last != UInt8(ascii: " ") && string.utf8.last != UInt8(ascii: ":")
      && !string.contains(": ") && !string.contains(" #")
      && !string.utf8.contains(where: { "[]{},".utf8.contains($0) })
      && !(string.utf8.first.map { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") } == true
        && string.utf8.contains(where: { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "-") }))
    if isPlain { return string }
    // A JSON string is a YAML double-quoted scalar, save for what YAML counts as line breaks.
    return String(decoding: JSONValue.string(string).serialized(), as: UTF8.self)
      .replacingScalars
  }

  /// Whether a string reads best as a literal block, and reads back unchanged from one.
  private static func isBlock(_ string: String) -> Bool {
    string.utf8.contains(0x0A) && !string.hasPrefix(" ") && !string.hasPrefix("\n")
      && !string.hasSuffix("\n\n")
      && string.unicodeScalars.allSatisfy { scalar in
        scalar.value == 0x0A
          || (scalar.value >= 0x20 && scalar.value != 0x7F && scalar.value < 0x80)
      }
  }
}

extension String {
  /// The text with the characters YAML would not keep in a quoted scalar as escapes.
  fileprivate var replacingScalars: String {
    guard !utf8.allSatisfy({ $0 < 0x7F }) else { return self }
    var out = ""
    for scalar in unicodeScalars {
      switch scalar.value {
      case 0x7F...0x9F, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF:
        let digits = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }
}
