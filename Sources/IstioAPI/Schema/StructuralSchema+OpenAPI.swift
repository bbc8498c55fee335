package import StreamingJSON

extension StructuralSchema {
  /// The schema as OpenAPI v3 writes it, in the structural form custom resource definitions need.
  package var openAPI: JSONValue {
    var result: JSONValue = [:]
    if !description.isEmpty { result["description"] = .string(description) }
    func bounds(_ minimum: (String, Int?), _ maximum: (String, Int?)) {
      for (key, bound) in [minimum, maximum] {
        if let bound { result[key] = .integer(Int64(bound)) }
      }
    }
    switch shape {
    case .text(let minimum, let maximum, let pattern):
      result["type"] = "string"
      bounds(("minLength", minimum), ("maxLength", maximum))
      if let pattern { result["pattern"] = .string(pattern) }
    case .choice(let words):
      result["type"] = "string"
      result["enum"] = .array(words.map { .string($0) })
    case .integer(let minimum, let maximum):
      result["type"] = "integer"
      bounds(("minimum", minimum), ("maximum", maximum))
    case .number: result["type"] = "number"
    case .boolean: result["type"] = "boolean"
    case .anything:
      result["type"] = "object"
      result["x-kubernetes-preserve-unknown-fields"] = true
    case .list(let element, let minimum, let maximum):
      result["type"] = "array"
      bounds(("minItems", minimum), ("maxItems", maximum))
      result["items"] = element.openAPI
    case .map(let value, let minimum, let maximum):
      result["type"] = "object"
      bounds(("minProperties", minimum), ("maxProperties", maximum))
      result["additionalProperties"] = value.openAPI
    case .object(let fields, let required):
      result["type"] = "object"
      var properties: JSONValue = [:]
      for field in fields { properties[field.name] = field.schema.openAPI }
      result["properties"] = properties
      if !required.isEmpty { result["required"] = .array(required.map { .string($0) }) }
    }
    return result
  }

  /// The paths of all fields below `path`, lists marked by `[]` and keys of maps by `<key>`.
  package func fieldPaths(below path: String) -> [String] {
    switch shape {
    case .list(let element, _, _): element.fieldPaths(below: path + "[]")
    case .map(let value, _, _): value.fieldPaths(below: path + ".<key>")
    case .object(let fields, _):
      fields.flatMap { field in
        let own = "\(path).\(field.name)"
        return [own] + field.schema.fieldPaths(below: own)
      }
    default: []
    }
  }
}
