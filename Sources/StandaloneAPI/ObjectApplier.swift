internal import KubernetesAPI
internal import StreamingJSON

/// Makes the store hold objects as files write them.
struct ObjectApplier: Sendable {
  /// The annotation that names the file an object came from, and so marks it as the folder's own.
  static let sourceAnnotation = "skein.dev/config-source"

  /// What an object in a file names.
  struct Identity: Hashable {
    var resource: KubernetesResource
    var version: String
    var key: ObjectKey
  }

  let store: ObjectStore

  /// The kind, version and name an object claims.
  static func identify(_ object: JSONValue) throws(FieldIssue) -> Identity {
    guard object.objectValue != nil else {
      throw FieldIssue(path: "", message: "the document is not an object")
    }
    guard let apiVersion = object["apiVersion"]?.stringValue, let kind = object["kind"]?.stringValue
    else { throw FieldIssue(path: "", message: "apiVersion or kind is missing") }
    guard let resource = KubernetesResource.find(apiVersion: apiVersion, kind: kind) else {
      throw FieldIssue(path: "kind", message: "\(apiVersion) \(kind) is not a kind that is served")
    }
    guard let name = object[path: ["metadata", "name"]]?.stringValue, !name.isEmpty else {
      throw FieldIssue(path: "metadata", message: "metadata.name is missing")
    }
    let namespace = object[path: ["metadata", "namespace"]]?.stringValue ?? ""
    let version = apiVersion.split(separator: "/").last.map(String.init) ?? apiVersion
    return Identity(
      resource: resource, version: version,
      key: ObjectKey(
        namespace: !resource.isNamespaced ? "" : namespace.isEmpty ? "default" : namespace,
        name: name))
  }

  /// Stores an object as it is written; true when that changed something.
  func apply(
    _ object: JSONValue, _ identity: Identity, source: String
  ) async throws -> (isChanged: Bool, warnings: [String]) {
    let resource = identity.resource
    let admission = ObjectAdmission(
      resource: resource, apiVersion: resource.apiVersion(identity.version))
    let (identified, key) = try admission.identify(
      object, namespace: identity.key.namespace, name: identity.key.name)
    var object = identified
    object[path: ["metadata", "resourceVersion"]] = nil
    object[path: ["metadata", "annotations", Self.sourceAnnotation]] = .string(source)
    let sent = try admission.judge(object)
    let defaults = ObjectDefaults(resource: resource, now: StandaloneAPIServer.now)
    let before = try await store.get(resource, key)
    let after = try await store.write(resource, key) { current, transaction in
      guard let current else {
        if resource.isNamespaced {
          guard try transaction.exists(.namespaces, ObjectKey(name: key.namespace)) else {
            throw APIStatus.notFound("namespaces", "", key.namespace)
          }
        }
        return .put(try defaults.complete(new: sent.object, transaction))
      }
      let stored = try current.object(apiVersion: admission.apiVersion, kind: resource.kind)
      var next = sent.object
      if next["status"] == nil { next["status"] = stored["status"] }
      if resource == .namespaces {
        next[path: ["metadata", "labels", "kubernetes.io/metadata.name"]] = .string(key.name)
      }
      return .put(defaults.complete(next, replacing: stored))
    }
    return (before?.revision != after?.revision, sent.allWarnings)
  }

  /// Every stored object that came from a file, with the file.
  func applied() async throws -> [(Identity, source: String)] {
    var list: [(Identity, source: String)] = []
    for resource in KubernetesResource.all {
      for record in try await store.list(resource, namespace: nil).records {
        let object = try JSONValue(parsing: record.json)
        let path = ["metadata", "annotations", Self.sourceAnnotation]
        guard let source = object[path: path]?.stringValue else { continue }
        let key = ObjectKey(namespace: record.namespace, name: record.name)
        list.append(
          (Identity(resource: resource, version: resource.preferredVersion, key: key), source))
      }
    }
    return list
  }

  /// Deletes an object.
  func delete(_ identity: Identity) async throws {
    _ = try await store.write(identity.resource, identity.key) { _, _ in .delete }
    if identity.resource == .namespaces {
      try await store.deleteContents(ofNamespace: identity.key.name)
    }
  }
}
