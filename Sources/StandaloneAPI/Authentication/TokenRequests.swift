internal import KubernetesAPI
internal import OpenSSLCrypto
internal import StreamingJSON

/// The TokenRequest and TokenReview APIs (authentication.k8s.io/v1).
struct TokenRequests {
  let tokens: ServiceAccountTokens
  let now: Timestamp

  /// What is filled into the metadata of both kinds' answers.
  private var metadata: JSONValue { ["creationTimestamp": .string(now.text)] }

  /// Makes a token for a service account.
  func create(for account: ObjectKey, _ body: JSONValue) async throws -> JSONValue {
    try Self.check(body, kind: "TokenRequest")
    let resource = KubernetesResource.serviceAccounts
    guard let uid = try await tokens.uid(of: resource, account) else {
      throw APIStatus.notFound(resource.plural, resource.group, account.name)
    }
    let spec = body["spec"] ?? [:]
    var audiences = (spec["audiences"]?.arrayValue ?? []).compactMap(\.stringValue)
    if audiences.isEmpty { audiences = [ServiceAccountTokens.issuer] }
    let lifetime = spec["expirationSeconds"]?.integerValue ?? 3_600
    guard (600...(1 << 32)).contains(lifetime) else {
      throw Self.invalid(
        account, "spec.expirationSeconds",
        lifetime < 600
          ? "may not specify a duration less than 10 minutes"
          : "may not specify a duration larger than 2^32 seconds")
    }
    guard audiences.count <= 32, audiences.allSatisfy({ $0.utf8.count <= 1_024 }) else {
      throw Self.invalid(account, "spec.audiences", "more than 32, or one longer than 1024 bytes")
    }
    let grant = ServiceAccountTokens.Grant(
      account: account, audiences: audiences, lifetime: lifetime,
      pod: try await pod(spec["boundObjectRef"], of: account))
    let token = try tokens.make(grant, accountUID: uid, now: now.seconds)
    var metadata = metadata
    metadata["name"] = .string(account.name)
    metadata["namespace"] = .string(account.namespace)
    var answered = spec
    answered["audiences"] = .array(audiences.map { .string($0) })
    answered["expirationSeconds"] = .integer(lifetime)
    return [
      "kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "metadata": metadata,
      "spec": answered,
      "status": [
        "token": .string(token),
        "expirationTimestamp": .string(Timestamp(seconds: now.seconds + lifetime).text),
      ],
    ]
  }

  /// The pod a token is bound to; it must be one of the account.
  private func pod(
    _ reference: JSONValue?, of account: ObjectKey
  ) async throws -> (name: String, uid: String)? {
    guard let reference, reference != .null else { return nil }
    let field = "spec.boundObjectRef"
    guard reference["kind"] == "Pod",
      [nil, "", "v1"].contains(reference["apiVersion"]?.stringValue)
    else { throw Self.invalid(account, field, "tokens can be bound to pods of v1 only") }
    let name = reference["name"]?.stringValue ?? ""
    let key = ObjectKey(namespace: account.namespace, name: name)
    guard let record = try await tokens.store.get(.pods, key) else {
      throw APIStatus.notFound("pods", "", name)
    }
    let pod = try JSONValue(parsing: record.json)
    let uid = pod[path: ["metadata", "uid"]]?.stringValue ?? ""
    let wanted = reference["uid"]?.stringValue ?? ""
    guard wanted.isEmpty || wanted == uid else {
      throw APIStatus.conflict(
        "Pod", "", name,
        "the UID in the bound object reference (\(wanted.prefix(64))) does not match the UID in "
          + "record. The object might have been deleted and then recreated")
    }
    let owner = pod[path: ["spec", "serviceAccountName"]]?.stringValue ?? "default"
    guard owner == account.name else {
      throw APIStatus.badRequest(
        "cannot bind token for serviceaccount \"\(account.name)\" to pod running with different "
          + "serviceaccount name.")
    }
    return (name, uid)
  }

  /// Says whom a token stands for; a token that is not accepted is an answer too.
  func review(_ body: JSONValue) async throws -> JSONValue {
    try Self.check(body, kind: "TokenReview")
    let spec = body["spec"] ?? [:]
    let token = spec["token"]?.stringValue ?? ""
    guard !token.isEmpty else {
      throw APIStatus.badRequest("token is required for TokenReview in authentication")
    }
    var audiences = (spec["audiences"]?.arrayValue ?? []).compactMap(\.stringValue)
    if audiences.isEmpty { audiences = [ServiceAccountTokens.issuer] }
    var answer: JSONValue = [
      "kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1", "metadata": metadata,
      "spec": spec,
    ]
    do {
      let holder = try await tokens.review(token, audiences: audiences, now: now.seconds)
      answer["status"] = [
        "authenticated": true, "user": Self.user(holder),
        "audiences": .array(holder.audiences.map { .string($0) }),
      ]
    } catch let refusal as ServiceAccountTokens.Refusal {
      answer["status"] = ["user": [:], "error": .string(refusal.reason)]
    }
    return answer
  }

  /// A holder in the form of `UserInfo`.
  static func user(_ holder: ServiceAccountTokens.Holder) -> JSONValue {
    var extra: JSONValue = [
      "authentication.kubernetes.io/credential-id": [.string("JTI=\(holder.tokenID)")]
    ]
    if let pod = holder.pod {
      extra["authentication.kubernetes.io/pod-name"] = [.string(pod.name)]
      extra["authentication.kubernetes.io/pod-uid"] = [.string(pod.uid)]
    }
    return [
      "username": .string(ServiceAccountTokens.user(holder.account)), "uid": .string(holder.uid),
      "groups": [
        "system:serviceaccounts",
        .string("system:serviceaccounts:\(holder.account.namespace)"), "system:authenticated",
      ],
      "extra": extra,
    ]
  }

  private static func check(_ body: JSONValue, kind: String) throws(APIStatus) {
    guard body.objectValue != nil else { throw .badRequest("the body is not an object") }
    guard [nil, kind].contains(body["kind"]?.stringValue),
      [nil, "authentication.k8s.io/v1"].contains(body["apiVersion"]?.stringValue)
    else { throw .badRequest("the body is not a \(kind) of authentication.k8s.io/v1") }
  }

  private static func invalid(
    _ account: ObjectKey, _ field: String, _ message: String
  ) -> APIStatus {
    .invalid(
      group: "authentication.k8s.io", kind: "TokenRequest", name: account.name,
      issues: [FieldIssue(path: field, message: message)])
  }
}
