/// The fields of every message of this target by the message's full name.
enum MessageSchemas {
  /// What a field holds.
  enum Kind: Hashable, Sendable {
    case string
    case bytes
    case bool
    case signed
    case unsigned
    case wideInteger
    case double
    case float
    case message(String)
    case enumeration(String)
  }

  struct Field: Hashable, Sendable {
    var name: String
    var kind: Kind
    var isList: Bool
    var isMap: Bool
  }

  static let messages: [String: [UInt32: Field]] = parsed.messages
  static let enumerations: [String: [Int64: String]] = parsed.enumerations

  private static let parsed = parse()

  private static func parse() -> (
    messages: [String: [UInt32: Field]], enumerations: [String: [Int64: String]]
  ) {
    var messages: [String: [UInt32: Field]] = [:]
    var enumerations: [String: [Int64: String]] = [:]
    var current = ""
    for line in table.split(separator: "\n") {
      let words = line.split(separator: " ").map(String.init)
      guard words.count >= 2 else { continue }
      switch words[0] {
      case "M":
        current = words[1]
        messages[current] = messages[current] ?? [:]
      case "E": current = words[1]
      case "V" where words.count == 3:
        if let number = Int64(words[1]) { enumerations[current, default: [:]][number] = words[2] }
      case "F" where words.count >= 5:
        guard let number = UInt32(words[1]) else { continue }
        messages[current, default: [:]][number] = Field(
          name: words[2], kind: kind(words[4], words.count > 5 ? words[5] : ""),
          isList: words[3] == "list", isMap: words[3] == "map")
      default: continue
      }
    }
    return (messages, enumerations)
  }

  private static func kind(_ word: String, _ name: String) -> Kind {
    switch word {
    case "message": .message(name)
    case "enum": .enumeration(name)
    case "string": .string
    case "bytes": .bytes
    case "bool": .bool
    case "double": .double
    case "float": .float
    case "uint32": .unsigned
    case "int64", "uint64": .wideInteger
    default: .signed
    }
  }
}
