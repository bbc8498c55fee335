internal import Hummingbird
internal import KubernetesAPI
internal import StreamingJSON
internal import YAML

/// The verbs of one resource in one version.
struct ResourceHandler: Sendable {
  let resource: KubernetesResource
  let version: String
  let store: ObjectStore
  let now: Timestamp
  let request: APIRequest
  var isStatus = false

  var apiVersion: String { resource.apiVersion(version) }
  var admission: ObjectAdmission {
    ObjectAdmission(resource: resource, apiVersion: apiVersion)
  }
  var isDryRun: Bool { request.query["dryRun"] == "All" }

  // MARK: Reading

  func get(_ key: ObjectKey) async throws -> Response {
    guard let record = try await store.get(resource, key) else {
      throw APIStatus.notFound(resource.plural, resource.group, key.name)
    }
    return try respond(record, status: 200)
  }

  func list(namespace: String?) async throws -> Response {
    let selector = try selector()
    let limit = request.query["limit"].flatMap { Int($0) }.flatMap { $0 > 0 ? min($0, 5_000) : nil }
    let place = try request.query["continue"].flatMap { $0.isEmpty ? nil : $0 }.map(
      ContinueToken.init)
    let page = try await store.list(
      resource, namespace: namespace, after: place?.key, limit: limit, since: place?.revision)
    // A watch from the first page's revision on misses nothing that happened between the pages.
    let revision = place?.revision ?? page.revision
    var metadata: JSONValue = ["resourceVersion": .string(String(revision))]
    if let last = page.last {
      metadata["continue"] = .string(ContinueToken(revision: revision, key: last).text)
    }
    if let tableVersion = request.tableVersion {
      let rows = try page.records.map { try object($0) }.filter(selector.matches)
      let table = table(tableVersion).object(rows: rows, metadata: metadata)
      return APIResponder.response(status: 200, table)
    }
    var writer = JSONWriter(capacity: page.records.reduce(256) { $0 + $1.json.count + 64 })
    writer.beginObject()
    writer.member("kind", "\(resource.kind)List")
    writer.member("apiVersion", apiVersion)
    writer.key("metadata")
    writer.value(metadata)
    writer.key("items")
    writer.beginArray()
    for record in page.records {
      if !selector.isEmpty, try !selector.matches(object(record)) { continue }
      writer.raw(record.bytes(apiVersion: apiVersion, kind: resource.kind))
    }
    writer.endArray()
    writer.endObject()
    return APIResponder.json(status: 200, writer.bytes)
  }

  // MARK: Writing

  func create(namespace: String?, body: [UInt8]) async throws -> Response {
    try await create(namespace: namespace, object: try parse(body))
  }

  func create(
    namespace: String?, object: JSONValue, applying intent: JSONValue? = nil
  ) async throws -> Response {
    if resource.isNamespaced, namespace == nil {
      throw APIStatus.badRequest("an object of this kind is created in a namespace")
    }
    let (sent, key) = try admission.identify(object, namespace: namespace ?? "", name: nil)
    if let version = sent[path: ["metadata", "resourceVersion"]]?.stringValue, !version.isEmpty {
      throw APIStatus.badRequest("resourceVersion should not be set on objects to be created")
    }
    let admitted = try admission.judge(sent)
    let notes = try notes(on: admitted)
    let defaults = ObjectDefaults(resource: resource, now: now)
    let (resource, writer, isDryRun) = (resource, writer, isDryRun)
    let record = try await store.write(resource, key, isDryRun: isDryRun) { current, transaction in
      guard current == nil else {
        throw APIStatus.alreadyExists(resource.plural, resource.group, key.name)
      }
      try Self.requireNamespace(of: resource, key, transaction)
      var object = try defaults.complete(new: admitted.object, transaction)
      var ownership = FieldOwnership(of: [:])
      if let intent {
        let fields = Set(FieldOwnership.owned(in: intent).keys)
        ownership.apply(fields, by: writer, taking: [], isChange: true)
        if !isDryRun {
          let uid = object[path: ["metadata", "uid"]]?.stringValue ?? ""
          try transaction.setIntent(uid: uid, manager: writer.intentKey, intent.serialized())
        }
      } else {
        ownership.update(by: writer, from: [:], to: admitted.object)
      }
      object[path: ["metadata", "managedFields"]] = ownership.managedFields
      return .put(object)
    }
    return try respond(record, status: 201, warnings: notes)
  }

  func update(_ key: ObjectKey, body: [UInt8]) async throws -> Response {
    let (sent, key) = try admission.identify(
      parse(body), namespace: key.namespace, name: key.name)
    return try await change(key) { _ in sent }
  }

  func patch(_ key: ObjectKey, body: [UInt8]) async throws -> Response {
    let patch = try patch(body)
    let admission = admission
    guard case .apply(let intent) = patch else {
      return try await change(key) { current in
        let changed = try patch.applied(to: current)
        return try admission.identify(changed, namespace: key.namespace, name: key.name).object
      }
    }
    return try await apply(key, intent: intent)
  }

  private func change(
    _ key: ObjectKey, _ edit: @escaping @Sendable (JSONValue) throws -> JSONValue
  ) async throws -> Response {
    let writer = writer
    return try await change(key) { current, _ in
      try edit(current)
    } own: { stored, result, _ in
      var ownership = FieldOwnership(of: stored)
      ownership.update(by: writer, from: stored, to: result)
      return ownership
    }
  }

  /// Changes an object that exists: `edit` makes the new one, `own` says who owns what of it.
  func change(
    _ key: ObjectKey,
    _ edit: @escaping @Sendable (JSONValue, ObjectStore.Transaction) throws -> JSONValue,
    own:
      @escaping @Sendable (JSONValue, JSONValue, ObjectStore.Transaction) throws -> FieldOwnership
  ) async throws -> Response {
    let admission = admission
    let defaults = ObjectDefaults(resource: resource, now: now)
    let (resource, apiVersion, isStatus) = (resource, apiVersion, isStatus)
    let warnings = WarningBox()
    let record = try await store.write(resource, key, isDryRun: isDryRun) { current, transaction in
      guard let current else { throw APIStatus.notFound(resource.plural, resource.group, key.name) }
      let stored = try current.object(apiVersion: apiVersion, kind: resource.kind)
      var object = try edit(stored, transaction)
      let sentVersion = object[path: ["metadata", "resourceVersion"]]?.stringValue ?? ""
      guard sentVersion.isEmpty || sentVersion == String(current.revision) else {
        throw APIStatus.conflict(
          resource.plural, resource.group, key.name,
          "the object has been modified; please apply your changes to the latest version and try again"
        )
      }
      let uid = object[path: ["metadata", "uid"]]?.stringValue ?? ""
      guard uid.isEmpty || uid == stored[path: ["metadata", "uid"]]?.stringValue else {
        throw APIStatus.conflict(
          resource.plural, resource.group, key.name, "the UID in the precondition does not match")
      }
      // Whoever moves fields from one manager to another says so in managedFields, as kubectl does once.
      var before = stored
      let managedFields = ["metadata", "managedFields"]
      if let asked = object[path: managedFields], asked.arrayValue != nil {
        before[path: managedFields] = asked
      }
      if isStatus {
        let status = object["status"]
        object = stored
        object["status"] = status
      } else {
        object = defaults.complete(object, replacing: stored)
        let admitted = try admission.judge(object)
        warnings.set(try notes(on: admitted))
        object = admitted.object
      }
      let ownership = try own(before, object, transaction)
      object[path: ["metadata", "managedFields"]] = ownership.managedFields
      return .put(object)
    }
    return try respond(record, status: 200, warnings: warnings.value)
  }

  func delete(_ key: ObjectKey, body: [UInt8]) async throws -> Response {
    var expectedUID = ""
    var expectedVersion = ""
    var isDryRun = isDryRun
    if !body.isEmpty, let options = try? JSONValue(parsing: body) {
      expectedUID = options[path: ["preconditions", "uid"]]?.stringValue ?? ""
      expectedVersion = options[path: ["preconditions", "resourceVersion"]]?.stringValue ?? ""
      isDryRun = isDryRun || options["dryRun"]?.arrayValue == ["All"]
    }
    let resource = resource
    let (uid, version) = (expectedUID, expectedVersion)
    guard let before = try await store.get(resource, key) else {
      throw APIStatus.notFound(resource.plural, resource.group, key.name)
    }
    let stored = try object(before)
    let storedUID = stored[path: ["metadata", "uid"]]?.stringValue ?? ""
    _ = try await store.write(resource, key, isDryRun: isDryRun) { current, _ in
      guard let current else { throw APIStatus.notFound(resource.plural, resource.group, key.name) }
      guard uid.isEmpty || uid == storedUID, version.isEmpty || version == String(current.revision)
      else {
        throw APIStatus.conflict(
          resource.plural, resource.group, key.name, "the precondition does not hold")
      }
      return .delete
    }
    if resource == .namespaces, !isDryRun { try await store.deleteContents(ofNamespace: key.name) }
    return APIResponder.response(
      status: 200,
      APIStatus.deleted(
        plural: resource.plural, group: resource.group, name: key.name, uid: storedUID))
  }

  func deleteAll(namespace: String?, body: [UInt8]) async throws -> Response {
    // Namespaces end one by one, with what they hold.
    guard resource != .namespaces else { throw APIStatus.methodNotAllowed }
    let options = try? JSONValue(parsing: body)
    let isDryRun = isDryRun || options?["dryRun"]?.arrayValue == ["All"]
    let selector = try selector()
    let page = try await store.list(resource, namespace: namespace)
    for record in page.records where try selector.matches(object(record)) {
      let key = ObjectKey(namespace: record.namespace, name: record.name)
      _ = try await store.write(resource, key, isDryRun: isDryRun) { _, _ in .delete }
    }
    let done: JSONValue = [
      "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success",
    ]
    return APIResponder.response(status: 200, done)
  }

  // MARK: Pieces

  func selector() throws(APIStatus) -> ObjectSelector {
    try ObjectSelector(
      labels: request.query["labelSelector"] ?? "", fields: request.query["fieldSelector"] ?? "")
  }

  func object(_ record: ObjectStore.Record) throws -> JSONValue {
    try record.object(apiVersion: apiVersion, kind: resource.kind)
  }

  func table(_ version: String) -> ObjectTable {
    ObjectTable(
      resource: resource, version: version, now: now,
      includesObject: request.query["includeObject"] == "Object")
  }

  /// What the writer is told of an object; unknown fields are an error for one that wants that.
  func notes(on admitted: ObjectAdmission.Admitted) throws(APIStatus) -> [String] {
    switch request.query["fieldValidation"] {
    case "Ignore": return admitted.warnings
    case "Strict":
      guard !admitted.unknownFields.isEmpty else { return admitted.warnings }
      let list = admitted.unknownFields.prefix(20).map { "unknown field \"\($0)\"" }
      throw .badRequest(
        "\(resource.kind) in version \"\(version)\" cannot be handled as a \(resource.kind): "
          + "strict decoding error: \(list.joined(separator: ", "))")
    default: return admitted.allWarnings
    }
  }

  private func respond(
    _ record: ObjectStore.Record?, status: Int, warnings: [String] = []
  ) throws -> Response {
    guard let record else { throw APIStatus.internalError("the object is gone") }
    if let tableVersion = request.tableVersion {
      let metadata: JSONValue = ["resourceVersion": .string(String(record.revision))]
      let table = try table(tableVersion).object(rows: [object(record)], metadata: metadata)
      return APIResponder.response(status: status, table, warnings: warnings)
    }
    return APIResponder.json(
      status: status, record.bytes(apiVersion: apiVersion, kind: resource.kind), warnings: warnings)
  }

  private func parse(_ body: [UInt8]) throws(APIStatus) -> JSONValue {
    guard body.count <= ObjectAdmission.maximumObjectSize else {
      throw .tooLarge(ObjectAdmission.maximumObjectSize)
    }
    let type = request.contentType
    if type.hasPrefix(ProtobufObject.mediaType) {
      return try ProtobufObject.decode(body, resource: resource, apiVersion: apiVersion)
    }
    guard type.isEmpty || type.contains("json") else { throw .unsupportedMediaType(type) }
    do {
      return try JSONValue(parsing: body)
    } catch {
      throw .badRequest("the body is not JSON: \(error)")
    }
  }

  private func patch(_ body: [UInt8]) throws(APIStatus) -> ObjectPatch {
    let type = request.contentType
    if type.contains("apply-patch") {
      let documents: [YAMLDocument]
      do throws(YAMLError) {
        documents = try YAMLReader.documents(body, file: "patch")
      } catch {
        throw .badRequest("\(error)")
      }
      guard let document = documents.first else { throw .badRequest("the patch is empty") }
      return .apply(document.value)
    }
    let value: JSONValue
    do throws(JSONDecodingError) {
      value = try JSONValue(parsing: body)
    } catch {
      throw .badRequest("the patch is not JSON: \(error)")
    }
    if type.contains("strategic-merge-patch") {
      // Custom resources have no strategy; Kubernetes refuses it for them too.
      guard !KubernetesResource.istio.contains(resource) else { throw .unsupportedMediaType(type) }
      return .strategic(value)
    }
    if type.contains("json-patch") { return .operations(value) }
    if type.contains("merge-patch") { return .merge(value) }
    throw .unsupportedMediaType(type)
  }

  private static func requireNamespace(
    of resource: KubernetesResource, _ key: ObjectKey, _ transaction: ObjectStore.Transaction
  ) throws {
    guard resource.isNamespaced else { return }
    guard try transaction.exists(.namespaces, ObjectKey(name: key.namespace)) else {
      throw APIStatus.notFound("namespaces", "", key.namespace)
    }
  }
}
