import StreamingJSON

/// A difference from the recording of istiod 1.14 that is meant, and why.
///
/// Most come from istiod itself, which changed since; Docs/Compatibility.md tells them to users.
struct DeliberateDifference: Sendable {
  /// The path's parts with slashes between them; `*` is one part, `**` any number.
  let place: String
  /// Why the translation differs.
  let reason: String
  /// What the translation has to be, given the path and what was recorded.
  private let expected: @Sendable ([String], JSONValue?) -> JSONValue?
  /// What was recorded, where it is one value; nil leaves it open.
  private let recorded: JSONValue??

  func explains(_ difference: ConfigurationDifference) -> Bool {
    if let recorded, recorded != difference.recorded { return false }
    return Self.matches(place.split(separator: "/").map(String.init)[...], difference.path[...])
      && expected(difference.path, difference.recorded) == difference.translated
  }

  private static func matches(_ place: ArraySlice<String>, _ path: ArraySlice<String>) -> Bool {
    guard let first = place.first else { return path.isEmpty }
    if first == "**" {
      return path.indices.contains { matches(place.dropFirst(), path[$0...]) }
    }
    guard let part = path.first, first == "*" || first == part else { return false }
    return matches(place.dropFirst(), path.dropFirst())
  }

  /// A value that the recording has and the translation has not.
  static func removed(_ place: String, _ value: JSONValue, _ reason: String) -> Self {
    Self(place: place, reason: reason, expected: { _, _ in nil }, recorded: .some(value))
  }

  /// A value that the translation has and the recording has not.
  static func added(_ place: String, _ value: JSONValue, _ reason: String) -> Self {
    Self(place: place, reason: reason, expected: { _, _ in value }, recorded: .some(nil))
  }

  /// A value that is another one.
  static func changed(
    _ place: String, _ old: JSONValue, _ new: JSONValue, _ reason: String
  ) -> Self {
    Self(place: place, reason: reason, expected: { _, _ in new }, recorded: .some(old))
  }

  /// A value that follows from what was recorded or from its place.
  static func derived(
    _ place: String, _ reason: String,
    _ expected: @escaping @Sendable ([String], JSONValue?) -> JSONValue?
  ) -> Self {
    Self(place: place, reason: reason, expected: expected, recorded: nil)
  }
}
