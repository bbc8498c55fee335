package import StreamingJSON

/// Edits of request and response headers.
package struct HeaderRules: Hashable, Sendable {
  /// Request header edits.
  package var request: HeaderOperations?
  /// Response header edits.
  package var response: HeaderOperations?

  /// Creates a value; what is left out is as if it were not written.
  package init(request: HeaderOperations? = nil, response: HeaderOperations? = nil) {
    self.request = request
    self.response = response
  }
}

extension HeaderRules: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "request": request = try reader.read()
      case "response": response = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// Headers to overwrite, to append and to delete.
package struct HeaderOperations: Hashable, Sendable {
  /// Overwrite headers.
  package var set: [String: String]
  /// Append headers.
  package var add: [String: String]
  /// Delete headers.
  package var remove: [String]

  /// Creates a value; what is left out is as if it were not written.
  package init(set: [String: String] = [:], add: [String: String] = [:], remove: [String] = []) {
    self.set = set
    self.add = add
    self.remove = remove
  }
}

extension HeaderOperations: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "set": set = try reader.readStringMap()
      case "add": add = try reader.readStringMap()
      case "remove": remove = try reader.readStrings()
      default: try reader.skipUnknownField()
      }
    }
  }
}
