/// Something a user should know about one field of an object.
package struct FieldIssue: Error, Hashable, Sendable, CustomStringConvertible {
  /// How bad it is.
  package enum Severity: String, Hashable, Sendable {
    /// The object is used, but probably not as intended.
    case warning
    /// The object cannot be used.
    case error
  }

  /// The field, such as `spec.http[0].route[1].weight`; empty for the whole object.
  package var path: String
  /// What is wrong, as a clause without a final stop.
  package var message: String
  /// What would make it right, when that is known.
  package var remedy: String?
  /// Whether the object can still be used.
  package var severity: Severity

  /// Creates an issue about the field at `path`.
  package init(
    path: String, message: String, remedy: String? = nil, severity: Severity = .error
  ) {
    self.path = path
    self.message = message
    self.remedy = remedy
    self.severity = severity
  }

  /// An issue that says what a decoding error says.
  package init(_ error: JSONDecodingError) {
    self.init(path: error.path, message: error.message, remedy: error.remedy)
  }

  /// One line: path, message and remedy.
  package var description: String {
    let place = path.isEmpty ? "" : "\(path): "
    let advice = remedy.map { " (\($0))" } ?? ""
    return place + message + advice
  }
}
