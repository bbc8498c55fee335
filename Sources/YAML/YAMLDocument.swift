package import StreamingJSON

/// One document of a YAML stream.
package struct YAMLDocument: Hashable, Sendable {
  /// The contents.
  package var value: JSONValue
  /// The file, or another name of the source.
  package var file: String
  /// Where the document starts.
  package var start: YAMLPosition
  /// Where each value starts, by its path; of a member, where its key starts.
  package var positions: [String: YAMLPosition]

  /// Creates a document.
  package init(
    value: JSONValue, file: String, start: YAMLPosition, positions: [String: YAMLPosition] = [:]
  ) {
    self.value = value
    self.file = file
    self.start = start
    self.positions = positions
  }

  /// The place of the value at `path`, or of the nearest one around it.
  package func position(of path: String) -> YAMLPosition {
    var path: String? = path
    while let current = path {
      if let position = positions[current] { return position }
      path = JSONPath.parent(of: current)
    }
    return start
  }
}
