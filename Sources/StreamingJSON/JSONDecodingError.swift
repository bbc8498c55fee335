/// A document that could not be decoded: where, why and what to do about it.
///
/// `path` names the offending field the way an operator writes it
/// (`spec.http[0].route[1].weight`); it is empty when the document as a whole is at fault.
package struct JSONDecodingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The field the error is about.
  package var path: String
  /// What is wrong, as a clause without a final stop.
  package var message: String
  /// What would make it right, when that is known.
  package var remedy: String?
  /// The byte offset in the document at which reading stopped.
  package var offset: Int

  /// Creates an error about the field at `path`.
  package init(path: String, message: String, remedy: String? = nil, offset: Int = 0) {
    self.path = path
    self.message = message
    self.remedy = remedy
    self.offset = offset
  }

  /// One line: path, message and remedy.
  package var description: String {
    let place = path.isEmpty ? "" : "\(path): "
    let advice = remedy.map { " (\($0))" } ?? ""
    return place + message + advice
  }
}

/// Bounds on what a decoder reads before it gives up.
package struct JSONLimits: Hashable, Sendable {
  /// The longest document accepted, in bytes.
  package var size: Int
  /// How deep typed values may nest.
  package var depth: Int
  /// How deep a value that is only skipped may nest.
  package var skippedDepth: Int

  /// Creates limits; the defaults suit one Kubernetes object or list page.
  package init(size: Int = 256 << 20, depth: Int = 64, skippedDepth: Int = 512) {
    self.size = size
    self.depth = depth
    self.skippedDepth = skippedDepth
  }
}

/// The type of a JSON value, known from its first byte.
package enum JSONKind: String, Hashable, Sendable {
  case null
  case bool
  case number
  case string
  case array
  case object
}
