package import StreamingJSON

/// Edits of path and authority before a request is forwarded.
package struct HTTPRewrite: Hashable, Sendable {
  /// Full path (exact match) or prefix replacement.
  package var uri: String
  /// New Host.
  package var authority: String
  /// RE2 replace.
  package var uriRegexRewrite: RegexRewrite?

  /// Creates a value; what is left out is as if it were not written.
  package init(uri: String = "", authority: String = "", uriRegexRewrite: RegexRewrite? = nil) {
    self.uri = uri
    self.authority = authority
    self.uriRegexRewrite = uriRegexRewrite
  }
}

extension HTTPRewrite: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "uri": uri = try reader.read()
      case "authority": authority = try reader.read()
      case "uriRegexRewrite": uriRegexRewrite = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// A path substitution by regular expression.
package struct RegexRewrite: Hashable, Sendable {
  /// RE2 pattern.
  package var match: String
  /// Replacement with \1 groups.
  package var rewrite: String

  /// Creates a value; what is left out is as if it were not written.
  package init(match: String = "", rewrite: String = "") {
    self.match = match
    self.rewrite = rewrite
  }
}

extension RegexRewrite: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "match": match = try reader.read()
      case "rewrite": rewrite = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// A reference to the VirtualService that decides instead.
package struct Delegate: Hashable, Sendable {
  /// Delegate VS name.
  package var name: String
  /// Delegate VS namespace. Unset: root's namespace.
  package var namespace: String

  /// Creates a value; what is left out is as if it were not written.
  package init(name: String = "", namespace: String = "") {
    self.name = name
    self.namespace = namespace
  }
}

extension Delegate: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "name": name = try reader.read()
      case "namespace": namespace = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}
