package import StreamingJSON

extension StructuralSchema {
  /// What an API server with this schema would hold against a value, each with its path.
  ///
  /// Fields that are not known are told of too: a server prunes them, or refuses them when asked to.
  package func violations(
    in value: JSONValue, at path: String
  ) -> (errors: [String], unknown: [String]) {
    var errors: [String] = []
    var unknown: [String] = []
    func wrongType(_ type: String) { errors.append("\(path): must be of type \(type)") }
    func outside(_ count: Int, _ minimum: Int?, _ maximum: Int?) {
      if let minimum, count < minimum { errors.append("\(path): at least \(minimum)") }
      if let maximum, count > maximum { errors.append("\(path): at most \(maximum)") }
    }
    func descend(_ schema: StructuralSchema, _ value: JSONValue, _ path: String) {
      let below = schema.violations(in: value, at: path)
      errors += below.errors
      unknown += below.unknown
    }
    switch (shape, value) {
    case (.text(let minimum, let maximum, _), .string(let text)):
      outside(text.unicodeScalars.count, minimum, maximum)
    case (.text, _): wrongType("string")
    case (.choice(let words), .string(let word)):
      if !words.contains(word) { errors.append("\(path): one of \(words.joined(separator: ", "))") }
    case (.choice, _): wrongType("string")
    case (.integer(let minimum, let maximum), .integer(let number)):
      outside(Int(number), minimum, maximum)
    case (.integer, _): wrongType("integer")
    case (.number, .integer), (.number, .number): break
    case (.number, _): wrongType("number")
    case (.boolean, .bool): break
    case (.boolean, _): wrongType("boolean")
    case (.anything, .object): break
    case (.anything, _): wrongType("object")
    case (.list(let element, let minimum, let maximum), .array(let elements)):
      outside(elements.count, minimum, maximum)
      for (index, value) in elements.enumerated() { descend(element, value, "\(path)[\(index)]") }
    case (.list, _): wrongType("array")
    case (.map(let schema, let minimum, let maximum), .object(let members)):
      outside(members.count, minimum, maximum)
      for (key, value) in members { descend(schema, value, "\(path).\(key)") }
    case (.map, _): wrongType("object")
    case (.object(let fields, let required), .object(let members)):
      for name in required where members[name] == nil {
        errors.append("\(path).\(name): Required value")
      }
      for (key, value) in members {
        if let field = fields.first(where: { $0.name == key }) {
          // A member that is null counts as one that is not there.
          if value != .null { descend(field.schema, value, "\(path).\(key)") }
        } else {
          unknown.append("\(path).\(key)")
        }
      }
    case (.object, _): wrongType("object")
    }
    return (errors, unknown)
  }
}
