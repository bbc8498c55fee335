/// Something that an object asks for and that proxies do not get, with the reason.
package struct TranslationNotice: Hashable, Sendable, Comparable {
  /// The object, as `kind/namespace/name`.
  package var object: String
  /// What is missing, as a clause whose subject is the object.
  package var message: String

  package init(object: String, message: String) {
    self.object = object
    self.message = message
  }

  package static func < (left: TranslationNotice, right: TranslationNotice) -> Bool {
    (left.object, left.message) < (right.object, right.message)
  }
}
