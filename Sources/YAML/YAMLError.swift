/// A YAML stream that could not be read: the file, the place and the reason.
package struct YAMLError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file, or another name of the source.
  package var file: String
  /// Where reading stopped.
  package var position: YAMLPosition
  /// What is wrong, as a clause without a final stop.
  package var message: String

  /// Creates an error.
  package init(file: String, position: YAMLPosition, message: String) {
    self.file = file
    self.position = position
    self.message = message
  }

  /// `file:line:column: message`.
  package var description: String { "\(file):\(position): \(message)" }
}

/// A place in a text, counted from one.
package struct YAMLPosition: Hashable, Sendable, CustomStringConvertible {
  /// The line.
  package var line: Int
  /// The column.
  package var column: Int

  /// Creates a position.
  package init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  /// `line:column`.
  package var description: String { "\(line):\(column)" }
}

/// Bounds on what a YAML stream may contain.
package struct YAMLLimits: Hashable, Sendable {
  /// The longest stream accepted, in bytes.
  package var size: Int
  /// How deep values may nest.
  package var depth: Int
  /// How many values a document may contain once its aliases are expanded.
  package var expandedNodes: Int
  /// How many bytes of text a document may contain once its aliases are expanded.
  package var expandedBytes: Int

  /// Creates limits; the defaults suit files of configuration.
  package init(
    size: Int = 64 << 20, depth: Int = 64, expandedNodes: Int = 4_000_000,
    expandedBytes: Int = 128 << 20
  ) {
    self.size = size
    self.depth = depth
    self.expandedNodes = expandedNodes
    self.expandedBytes = expandedBytes
  }
}
