import StreamingJSON

/// JSON on many lines, so that differences are easy to read.
enum PrettyJSON {
  static func text(_ value: JSONValue) -> String {
    var lines = ""
    write(value, indent: "", &lines)
    return lines + "\n"
  }

  private static func write(_ value: JSONValue, indent: String, _ text: inout String) {
    switch value {
    case .object(let object) where !object.isEmpty:
      text += "{\n"
      for (index, member) in object.enumerated() {
        text += "\(indent) \(quoted(.string(member.key))): "
        write(member.value, indent: indent + " ", &text)
        text += index == object.count - 1 ? "\n" : ",\n"
      }
      text += "\(indent)}"
    case .array(let elements) where !elements.isEmpty:
      text += "[\n"
      for (index, element) in elements.enumerated() {
        text += "\(indent) "
        write(element, indent: indent + " ", &text)
        text += index == elements.count - 1 ? "\n" : ",\n"
      }
      text += "\(indent)]"
    default: text += quoted(value)
    }
  }

  private static func quoted(_ value: JSONValue) -> String {
    String(decoding: value.serialized(), as: UTF8.self)
  }
}
