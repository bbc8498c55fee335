/// Why a pod cannot get a proxy: the field, what is wrong, and what to do.
package struct InjectionError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The field of the pod or of its workload.
  package var path: String
  /// What is wrong.
  package var message: String
  /// What would make it right.
  package var remedy: String?

  /// Creates an error about the field at `path`.
  package init(path: String, message: String, remedy: String? = nil) {
    self.path = path
    self.message = message
    self.remedy = remedy
  }

  /// One line: path, message and remedy.
  package var description: String {
    "\(path): \(message)" + (remedy.map { " (\($0))" } ?? "")
  }
}
