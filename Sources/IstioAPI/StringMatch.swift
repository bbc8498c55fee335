package import StreamingJSON

/// A condition on a string.
package enum StringMatch: Hashable, Sendable {
  /// The string is equal.
  case exact(String)
  /// The string starts with this.
  case prefix(String)
  /// The whole string matches this regular expression (RE2 syntax).
  case regex(String)
  /// No condition was given (`{}`): for a header or query parameter, that it is present.
  case unset
}

extension StringMatch: JSONReadable {
  /// Reads the condition from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self = .unset
    var isUnset = true
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "exact", "prefix", "regex":
        try reader.requireUnset(isUnset, oneOf: "exact, prefix, regex")
        isUnset = false
        let text = try reader.readString()
        self = key == "exact" ? .exact(text) : key == "prefix" ? .prefix(text) : .regex(text)
      default: try reader.skipUnknownField()
      }
    }
  }
}
