internal import KubernetesAPI
internal import KubernetesClient

/// What is used of the objects of a resource, as the events of a watch leave it.
///
/// A listing takes effect as one step at its end, and a bad object leaves what was there of it before.
struct FollowedObjects<Value: Hashable & Sendable, Used: Equatable> {
  private(set) var objects: [ObjectKey: Used] = [:]
  /// Whether all objects were told of once.
  private(set) var areComplete = false
  private var listing: [ObjectKey: Used] = [:]
  private let use: (DecodedObject<Value>) -> Used?

  /// Keeps of each good object what `use` makes of it; nothing where that is nil.
  init(_ use: @escaping (DecodedObject<Value>) -> Used?) {
    self.use = use
  }

  /// Takes an event, and answers whether that changed anything.
  mutating func take(_ event: ResourceEvent<Value>) -> Bool {
    switch event {
    case .initStart: listing = [:]
    case .initApply(let object): listing[object.key] = used(object)
    case .initDelete(let key): listing[key] = nil
    case .initDone:
      let isChange = !areComplete || objects != listing
      (objects, listing) = (listing, [:])
      areComplete = true
      return isChange
    case .apply(let object):
      let new = used(object)
      guard objects[object.key] != new else { return false }
      objects[object.key] = new
      return true
    case .delete(let key): return objects.removeValue(forKey: key) != nil
    }
    return false
  }

  private func used(_ object: DecodedObject<Value>) -> Used? {
    object.value == nil ? objects[object.key] : use(object)
  }
}
