/// A type that reads itself from a JSON document.
package protocol JSONReadable {
  /// Reads the value that comes next.
  init(from reader: inout JSONReader) throws(JSONDecodingError)
}

extension JSONReader {
  /// Reads a value of a type that knows how.
  @inlinable
  package mutating func read<Value: JSONReadable>(
    _ type: Value.Type = Value.self
  ) throws(JSONDecodingError) -> Value {
    try Value(from: &self)
  }

  /// Reads a list of values of a type that knows how.
  @inlinable
  package mutating func read<Value: JSONReadable>(
    _ type: [Value].Type = [Value].self
  ) throws(JSONDecodingError) -> [Value] {
    var list: [Value] = []
    try beginArray()
    while try nextElement() {
      if try readNull() { throw error("an entry of the list is null", remedy: "remove the entry") }
      list.append(try Value(from: &self))
    }
    return list
  }

  /// Reads a map whose values know how to be read; a `null` value is an error.
  @inlinable
  package mutating func read<Value: JSONReadable>(
    _ type: [String: Value].Type = [String: Value].self
  ) throws(JSONDecodingError) -> [String: Value] {
    var map: [String: Value] = [:]
    try beginObject()
    while let key = try nextKey(keepingNulls: true) {
      if try readNull() {
        throw error("the value is null", remedy: "give a value or remove the key")
      }
      map[key] = try Value(from: &self)
    }
    return map
  }

  /// Throws when a member of a group that allows only one was read before.
  package func requireUnset(_ isUnset: Bool, oneOf names: String) throws(JSONDecodingError) {
    guard isUnset else { throw error("only one of \(names) may be set") }
  }
}

extension String: JSONReadable {
  /// Reads a string.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self = try reader.readString()
  }
}

extension Bool: JSONReadable {
  /// Reads a boolean.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self = try reader.readBool()
  }
}

extension Int32: JSONReadable {
  /// Reads a whole number.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self = try reader.readInteger()
  }
}

extension UInt32: JSONReadable {
  /// Reads a whole number.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self = try reader.readInteger()
  }
}

extension Int64: JSONReadable {
  /// Reads a whole number.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self = try reader.readInteger()
  }
}

extension UInt64: JSONReadable {
  /// Reads a whole number.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self = try reader.readInteger()
  }
}

extension Double: JSONReadable {
  /// Reads a number.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self = try reader.readDouble()
  }
}

extension JSONValue: JSONReadable {
  /// Reads any value.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self = try reader.readValue()
  }
}
