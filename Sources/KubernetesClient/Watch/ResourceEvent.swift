package import KubernetesAPI

/// One step of following a resource.
///
/// A listing begins with `initStart`, tells of every object and ends with `initDone`: whatever was
/// known before and was not told of in between is gone. Changes follow one by one, until the next
/// listing.
package enum ResourceEvent<Value: Hashable & Sendable>: Hashable, Sendable {
  /// A listing begins.
  case initStart
  /// The listing tells of an object.
  case initApply(DecodedObject<Value>)
  /// An object that the listing told of is gone before its end.
  case initDelete(ObjectKey)
  /// The listing is complete.
  case initDone
  /// An object was created or changed.
  case apply(DecodedObject<Value>)
  /// An object is gone.
  case delete(ObjectKey)
}
