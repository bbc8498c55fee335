package import KubernetesAPI

/// Keeps a copy of the objects of followed resources, so that a client that starts while the server is
/// away knows what there was.
package protocol ObjectMirror: Sendable {
  /// The JSON of every kept object of a resource; nil when none was ever listed to its end.
  func objects(of resource: KubernetesResource) -> [[UInt8]]?

  /// Takes note of changes, in their order.
  func record(_ changes: [MirrorChange], of resource: KubernetesResource)
}

/// A change of what a mirror keeps.
package enum MirrorChange: Hashable, Sendable {
  /// A listing begins: what is not told of before its end is gone.
  case listingBegins
  /// An object is as this JSON says; of a listing, or a change after it.
  case object(ObjectKey, json: [UInt8])
  /// The listing is complete.
  case listingEnds
  /// An object is gone.
  case gone(ObjectKey)
}
