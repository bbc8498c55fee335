internal import KubernetesAPI

/// The objects of namespaces that are not of the mesh, for when these join it.
struct ExcludedObjects {
  private var ofNamespace: [String: [KubernetesResource: [ObjectKey: IngestedObject]]] = [:]
  /// Namespaces that left the mesh, whose objects of then are not here.
  private var incomplete: Set<String> = []

  mutating func keep(_ object: IngestedObject) {
    let namespace = object.namespaceOfMesh
    ofNamespace[namespace, default: [:]][object.resource, default: [:]][object.key] = object
  }

  mutating func remove(_ resource: KubernetesResource, _ key: ObjectKey) {
    guard ofNamespace[key.namespace]?[resource]?.removeValue(forKey: key) != nil else { return }
    if ofNamespace[key.namespace]?[resource]?.isEmpty == true {
      ofNamespace[key.namespace]?[resource] = nil
    }
    if ofNamespace[key.namespace]?.isEmpty == true { ofNamespace[key.namespace] = nil }
  }

  /// Takes note of a complete list of a resource.
  mutating func listed(_ resource: KubernetesResource, _ keys: Set<ObjectKey>) {
    let gone = ofNamespace.values.flatMap {
      ($0[resource] ?? [:]).keys.filter { !keys.contains($0) }
    }
    for key in gone { remove(resource, key) }
  }

  /// Takes note that a namespace leaves the mesh with its objects.
  mutating func lose(_ namespace: String) { incomplete.insert(namespace) }

  /// Hands out the objects of a namespace that joins the mesh, and whether these may not be all.
  mutating func take(_ namespace: String) -> (objects: [IngestedObject], areIncomplete: Bool) {
    let objects = ofNamespace.removeValue(forKey: namespace) ?? [:]
    return (objects.values.flatMap(\.values), incomplete.remove(namespace) != nil)
  }

  /// How many objects there are.
  var count: Int {
    ofNamespace.values.reduce(0) { $0 + $1.values.reduce(0) { $0 + $1.count } }
  }
}
