internal import StreamingJSON

/// What is to be said of an object in its status
/// (<https://istio.io/latest/docs/reference/config/istio.meta.v1alpha1/>).
package struct ObjectCondition: Hashable, Sendable {
  /// What a condition is about.
  package enum Kind: String, Hashable, Sendable {
    /// Whether the object is valid and in use; when not, its last good version is.
    case accepted = "Accepted"
    /// Whether everything that it names exists.
    case referencesResolved = "ReferencesResolved"
    /// Whether proxies take what is made from it.
    case programmed = "Programmed"
    /// Whether another object stands before it, so that it has no effect.
    case shadowed = "Shadowed"
  }

  /// What the condition is about.
  package var kind: Kind
  /// Whether it holds.
  package var holds: Bool
  /// Why, in one word in CamelCase.
  package var reason: String
  /// Why, for people: fields, names and remedies.
  package var message: String

  package init(_ kind: Kind, _ holds: Bool, reason: String, message: String) {
    self.kind = kind
    self.holds = holds
    self.reason = reason
    self.message = String(message.prefix(4_096))
  }

  /// The condition as it stands in a status, since `time`.
  func json(since time: String) -> JSONValue {
    [
      "type": .string(kind.rawValue), "status": .string(holds ? "True" : "False"),
      "reason": .string(reason), "message": .string(message), "lastTransitionTime": .string(time),
    ]
  }
}
