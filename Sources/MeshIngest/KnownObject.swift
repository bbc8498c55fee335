/// An object that there is, good or bad.
package struct KnownObject: Hashable, Sendable {
  /// Tells the object from others that had its name before.
  package var uid: String
  /// Counts the changes of what the object asks for, from 1.
  package var generation: Int64
}
