internal import Hummingbird
internal import KubernetesAPI
internal import StreamingJSON

extension FieldOwnership.Writer {
  /// What the intent of the manager is kept under.
  var intentKey: String { subresource.isEmpty ? manager : "\(manager)/\(subresource)" }
}

extension ResourceHandler {
  /// Who writes: the manager the request names, else the program that sent it.
  var writer: FieldOwnership.Writer {
    let program = request.userAgent.prefix { $0 != "/" }.prefix(128)
    let manager = request.query["fieldManager"].flatMap { $0.isEmpty ? nil : $0 }
    return FieldOwnership.Writer(
      manager: manager ?? (program.isEmpty ? "unknown" : String(program)),
      subresource: isStatus ? "status" : "", apiVersion: apiVersion, time: now.text)
  }

  /// Server-side apply: creates the object, or makes it hold what the manager applies.
  func apply(_ key: ObjectKey, intent: JSONValue) async throws -> Response {
    let (sent, _) = try admission.identify(intent, namespace: key.namespace, name: key.name)
    let manager = request.query["fieldManager"] ?? ""
    guard !manager.isEmpty, manager.utf8.count <= 128 else {
      throw APIStatus(
        code: 422, reason: "Invalid",
        message:
          "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required "
          + "for apply patch, with at most 128 characters",
        causes: [
          APIStatus.Cause(
            reason: "FieldValueRequired", field: "fieldManager",
            message: "Required value: is required for apply patch")
        ])
    }
    let (admission, isDryRun, isStatus, writer) = (admission, isDryRun, isStatus, writer)
    if try await store.get(resource, key) == nil {
      guard !isStatus else {
        throw APIStatus.notFound(resource.plural, resource.group, key.name)
      }
      return try await create(namespace: key.namespace, object: sent, applying: sent)
    }
    var claimed = sent
    if isStatus {
      // The status subresource owns nothing else, whatever else is sent with it.
      claimed = ["metadata": [:], "status": sent["status"] ?? [:]]
    } else if KubernetesResource.istio.contains(resource) {
      claimed["status"] = nil
    }
    let isForced = request.isSet("force")
    let intent = claimed
    let plan: @Sendable (JSONValue, ObjectStore.Transaction) throws -> ServerSideApply = {
      current, transaction in
      let uid = current[path: ["metadata", "uid"]]?.stringValue ?? ""
      let previous = try transaction.intent(uid: uid, manager: writer.intentKey)
      return ServerSideApply(
        writer: writer, isForced: isForced, intent: intent,
        previous: try previous.map { try JSONValue(parsing: $0) })
    }
    return try await change(key) { current, transaction in
      var merged = try plan(current, transaction).merged(into: current)
      // The precondition counts, not what the object holds.
      merged[path: ["metadata", "resourceVersion"]] =
        sent[path: ["metadata", "resourceVersion"]]
      return try admission.identify(merged, namespace: key.namespace, name: key.name).object
    } own: { stored, result, transaction in
      let ownership = try plan(stored, transaction).ownership(from: stored, to: result)
      if !isDryRun {
        let uid = stored[path: ["metadata", "uid"]]?.stringValue ?? ""
        try transaction.setIntent(uid: uid, manager: writer.intentKey, intent.serialized())
      }
      return ownership
    }
  }
}
