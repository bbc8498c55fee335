internal import Foundation
internal import KubernetesAPI
internal import StreamingJSON
import Testing

@Suite struct TokenTests {
  private static let accounts = "/api/v1/namespaces/default/serviceaccounts"
  private static let pods = "/api/v1/namespaces/default/pods"
  private static let reviews = "/apis/authentication.k8s.io/v1/tokenreviews"

  private static func account(_ name: String) -> JSONValue {
    ["apiVersion": "v1", "kind": "ServiceAccount", "metadata": ["name": .string(name)]]
  }

  private static func pod(_ name: String, account: String) -> JSONValue {
    [
      "apiVersion": "v1", "kind": "Pod", "metadata": ["name": .string(name)],
      "spec": ["serviceAccountName": .string(account), "containers": []],
    ]
  }

  private static func token(
    _ api: RunningAPI, account: String = "web", audiences: [JSONValue] = ["istio-ca"],
    pod: String? = nil
  ) async throws -> (status: Int, object: JSONValue, warnings: [String]) {
    var spec: JSONValue = ["audiences": .array(audiences), "expirationSeconds": 3_600]
    if let pod {
      spec["boundObjectRef"] = ["kind": "Pod", "apiVersion": "v1", "name": .string(pod)]
    }
    return try await api.request(
      "POST", "\(accounts)/\(account)/token",
      ["apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec])
  }

  private static func review(
    _ api: RunningAPI, _ token: String, audiences: [JSONValue] = ["istio-ca"]
  ) async throws -> JSONValue {
    let (code, object, _) = try await api.request(
      "POST", reviews,
      [
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview",
        "spec": ["token": .string(token), "audiences": .array(audiences)],
      ])
    #expect(code == 201)
    return object["status"] ?? .null
  }

  private static func claims(_ token: String) throws -> (header: JSONValue, body: JSONValue) {
    let parts = token.split(separator: ".").map { part in
      let text = part.replacingOccurrences(of: "-", with: "+")
        .replacingOccurrences(of: "_", with: "/")
      return Base64.decode(text + String(repeating: "=", count: (4 - text.count % 4) % 4)) ?? []
    }
    return (try JSONValue(parsing: parts[0]), try JSONValue(parsing: parts[1]))
  }

  @Test func `a token names its account and pod and is reviewed as both`() async throws {
    try await RunningAPI.run { api in
      _ = try await api.request("POST", Self.accounts, Self.account("web"))
      let (_, pod, _) = try await api.request("POST", Self.pods, Self.pod("p", account: "web"))
      let uid = try #require(pod[path: ["metadata", "uid"]])
      let (code, made, _) = try await Self.token(api, pod: "p")
      #expect(code == 201)
      let token = try #require(made[path: ["status", "token"]]?.stringValue)
      let (header, claims) = try Self.claims(token)
      #expect(header["alg"] == "ES256")
      #expect(header["kid"]?.stringValue?.isEmpty == false)
      #expect(claims["aud"] == ["istio-ca"])
      #expect(claims["sub"] == "system:serviceaccount:default:web")
      #expect(claims["iss"] == "https://kubernetes.default.svc.cluster.local")
      #expect(claims[path: ["kubernetes.io", "pod", "uid"]] == uid)
      let life = (claims["exp"]?.integerValue ?? 0) - (claims["iat"]?.integerValue ?? 0)
      #expect(life == 3_600)
      let status = try await Self.review(api, token)
      #expect(status["authenticated"] == true)
      #expect(status[path: ["user", "username"]] == "system:serviceaccount:default:web")
      #expect(
        status[path: ["user", "groups"]]
          == ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"])
      let extra = status[path: ["user", "extra"]]
      #expect(extra?["authentication.kubernetes.io/pod-name"] == ["p"])
      #expect(extra?["authentication.kubernetes.io/pod-uid"] == [uid])
      #expect(status["audiences"] == ["istio-ca"])
    }
  }

  @Test func `a token ends with its audience, its pod and its account`() async throws {
    try await RunningAPI.run { api in
      func isRefused(
        _ token: String, _ text: String, audiences: [JSONValue] = ["istio-ca"]
      )
        async throws
      {
        let status = try await Self.review(api, token, audiences: audiences)
        #expect(status["authenticated"] == nil)
        #expect(status["error"]?.stringValue?.contains(text) == true, "\(status)")
      }
      let (_, account, _) = try await api.request("POST", Self.accounts, Self.account("web"))
      _ = try await api.request("POST", Self.pods, Self.pod("p", account: "web"))
      let bound = try #require(
        try await Self.token(api, pod: "p").object[path: ["status", "token"]]?.stringValue)
      let free = try #require(
        try await Self.token(api).object[path: ["status", "token"]]?.stringValue)
      try await isRefused(free, "audiences", audiences: ["another"])
      try await isRefused(free, "audiences", audiences: [])
      var broken = free
      broken.removeLast(4)
      try await isRefused(broken + "AAAA", "invalid bearer token")
      try await isRefused("a.b.c", "invalid bearer token")
      _ = try await api.request("DELETE", "\(Self.pods)/p")
      _ = try await api.request("POST", Self.pods, Self.pod("p", account: "web"))
      try await isRefused(bound, "pod default/p has been deleted")
      #expect(try await Self.review(api, free)["authenticated"] == true)
      _ = try await api.request("DELETE", "\(Self.accounts)/web")
      let (_, again, _) = try await api.request("POST", Self.accounts, Self.account("web"))
      #expect(account[path: ["metadata", "uid"]] != again[path: ["metadata", "uid"]])
      try await isRefused(free, "service account default/web has been deleted")
    }
  }

  @Test func `tokens survive a restart, and the key is the owner's alone`() async throws {
    let folder = try RunningAPI.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let token = try await RunningAPI.run(folder: folder) { api in
      _ = try await api.request("POST", Self.accounts, Self.account("web"))
      return try #require(
        try await Self.token(api).object[path: ["status", "token"]]?.stringValue)
    }
    let key = try FileManager.default.attributesOfItem(
      atPath: "\(folder)/service-account-key.pem")
    #expect(key[.posixPermissions] as? Int == 0o600)
    try await RunningAPI.run(folder: folder) { api in
      #expect(try await Self.review(api, token)["authenticated"] == true)
      let (_, keys, _) = try await api.request("GET", "/openid/v1/jwks")
      #expect(keys["keys"]?.arrayValue?.first?["kid"] == (try Self.claims(token)).header["kid"])
    }
  }

  @Test func `what cannot be granted is refused with the reason`() async throws {
    try await RunningAPI.run { api in
      let (missing, _, _) = try await Self.token(api)
      #expect(missing == 404)
      _ = try await api.request("POST", Self.accounts, Self.account("web"))
      _ = try await api.request("POST", Self.pods, Self.pod("other", account: "db"))
      let (wrong, status, _) = try await Self.token(api, pod: "other")
      #expect(wrong == 400)
      #expect(status["message"]?.stringValue?.contains("different serviceaccount") == true)
      let (short, _, _) = try await api.request(
        "POST", "\(Self.accounts)/web/token", ["spec": ["expirationSeconds": 60]])
      #expect(short == 422)
      #expect(try await api.request("POST", Self.reviews, ["spec": [:]]).status == 400)
      #expect(try await api.request("GET", "\(Self.accounts)/web/token").status == 405)
    }
  }

  @Test func `an API that asks for tokens lets the right ones in`() async throws {
    try await RunningAPI.run(requiresToken: true) { api in
      let file = "\(api.folder)/admin-token"
      let permissions = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
      #expect(permissions as? Int == 0o600)
      let administrator = try String(contentsOfFile: file, encoding: .utf8)
      let (code, status, _) = try await api.request("GET", Self.pods)
      #expect(code == 401)
      #expect(status["reason"] == "Unauthorized")
      #expect(try await api.request("GET", Self.pods, token: "wrong").status == 401)
      let (created, _, _) = try await api.request(
        "POST", Self.accounts, Self.account("web"), token: administrator)
      #expect(created == 201)
      let (_, made, _) = try await api.request(
        "POST", "\(Self.accounts)/web/token", ["spec": [:]], token: administrator)
      let own = try #require(made[path: ["status", "token"]]?.stringValue)
      #expect(try await api.request("GET", Self.pods, token: own).status == 200)
      #expect(
        try await api.request("GET", "/api/v1/namespaces/default/secrets", token: own).status
          == 403)
      let (forbidden, reason, _) = try await api.request(
        "POST", Self.pods, Self.pod("p", account: "web"), token: own)
      #expect(forbidden == 403)
      #expect(reason["message"]?.stringValue?.contains("may only read") == true)
      let (reviewed, _, _) = try await api.request(
        "POST", Self.reviews, ["spec": ["token": .string(own)]], token: own)
      #expect(reviewed == 201)
    }
  }
}
