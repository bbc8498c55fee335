extension JSONReader {
  /// Reads a list, one call of `element` for each entry.
  @inlinable
  package mutating func readList<Element>(
    _ element: (inout JSONReader) throws(JSONDecodingError) -> Element
  ) throws(JSONDecodingError) -> [Element] {
    var list: [Element] = []
    try beginArray()
    while try nextElement() {
      list.append(try element(&self))
    }
    return list
  }

  /// Reads a map, one call of `value` for each member.
  ///
  /// A member whose value is `null` goes to `value` like any other.
  @inlinable
  package mutating func readMap<Value>(
    _ value: (inout JSONReader) throws(JSONDecodingError) -> Value
  ) throws(JSONDecodingError) -> [String: Value] {
    var map: [String: Value] = [:]
    try beginObject()
    while let key = try nextKey(keepingNulls: true) {
      map[key] = try value(&self)
    }
    return map
  }

  /// Reads a list of strings.
  package mutating func readStrings() throws(JSONDecodingError) -> [String] {
    try readList { (reader) throws(JSONDecodingError) in try reader.readString() }
  }

  /// Reads a map of strings; a `null` value reads as the empty string, as in Go.
  package mutating func readStringMap() throws(JSONDecodingError) -> [String: String] {
    try readMap { (reader) throws(JSONDecodingError) in
      try reader.readNull() ? "" : try reader.readString()
    }
  }

  /// Reads any value into memory; ``JSONLimits/depth`` bounds how deep it may nest.
  package mutating func readValue() throws(JSONDecodingError) -> JSONValue {
    switch try peekKind() {
    case .null:
      try expectLiteral("null")
      return .null
    case .bool:
      return .bool(try readBool())
    case .string:
      return .string(try readString())
    case .number:
      let token = try readNumberToken()
      if token.isInteger, let value = parseInteger(token.range) { return .integer(value) }
      guard let value = Double(text(token.range)), value.isFinite else {
        throw error("the number is too large")
      }
      return .number(value)
    case .array:
      var elements: [JSONValue] = []
      try beginArray()
      while try nextElement() { elements.append(try readValue()) }
      return .array(elements)
    case .object:
      var object = JSONObject()
      try beginObject()
      while let key = try nextKey(keepingNulls: true) {
        object.appendUnchecked(key, try readValue())
      }
      return .object(object)
    }
  }
}
