internal import FoundationEssentials
internal import KubernetesAPI
internal import OpenSSLCrypto
internal import StreamingJSON

/// Makes and judges the tokens of service accounts, as the TokenRequest and TokenReview APIs do.
///
/// A token names its service account, and the pod it was made for, with their UIDs. It works while
/// both exist with these UIDs, until it expires.
struct ServiceAccountTokens: Sendable {
  /// Who makes the tokens, and the audience of the API itself.
  static let issuer = "https://kubernetes.default.svc.cluster.local"

  private static let keyFile = "service-account-key.pem"

  private let key: PrivateKey
  private let publicKey: PublicKey
  private let keyID: String
  let store: ObjectStore

  /// Reads the signing key in `folder`, or makes one that only its owner may read.
  init(folder: String, store: ObjectStore) throws(CryptoError) {
    let path = "\(folder)/\(Self.keyFile)"
    if let bytes = try PrivateFile.read(path) {
      key = try PrivateKey(pem: String(decoding: bytes, as: UTF8.self))
    } else {
      key = try PrivateKey(generating: .ecdsaP256)
      try PrivateFile.write(Array(key.pem().utf8), to: path)
    }
    publicKey = try key.publicKey()
    keyID = Base64URL.encode(SHA256Digest.hash(publicKey.subjectPublicKeyInfoDER))
    self.store = store
  }

  /// What a token is asked for.
  struct Grant {
    var account: ObjectKey
    var audiences: [String]
    var lifetime: Int64
    /// The pod whose end is the end of the token.
    var pod: (name: String, uid: String)?
  }

  /// A token for an account that exists.
  func make(_ grant: Grant, accountUID: String, now: Int64) throws(CryptoError) -> String {
    var kubernetes: JSONValue = [
      "namespace": .string(grant.account.namespace),
      "serviceaccount": ["name": .string(grant.account.name), "uid": .string(accountUID)],
    ]
    if let pod = grant.pod {
      kubernetes["pod"] = ["name": .string(pod.name), "uid": .string(pod.uid)]
    }
    let claims: JSONValue = [
      "aud": .array(grant.audiences.map { .string($0) }),
      "exp": .integer(now + grant.lifetime), "iat": .integer(now), "nbf": .integer(now),
      "iss": .string(Self.issuer), "jti": .string(UUID().uuidString.lowercased()),
      "kubernetes.io": kubernetes,
      "sub": .string(Self.user(grant.account)),
    ]
    return try JSONWebToken.sign(claims, keyID: keyID, with: key)
  }

  /// Whom a token stands for.
  struct Holder: Hashable {
    var account: ObjectKey
    var uid: String
    var pod: (name: String, uid: String)? {
      podName.map { ($0, podUID) }
    }
    var podName: String?
    var podUID = ""
    var tokenID: String
    /// The audiences of the token among those that were asked for.
    var audiences: [String]
  }

  /// Why a token is not accepted.
  struct Refusal: Error, Hashable {
    var reason: String
  }

  /// Judges a token for one of these audiences.
  func review(_ token: String, audiences: [String], now: Int64) async throws -> Holder {
    guard let claims = JSONWebToken.verify(token, keyID: keyID, with: publicKey),
      claims["iss"] == .string(Self.issuer), let expiry = claims["exp"]?.integerValue,
      let start = claims["nbf"]?.integerValue, let bound = claims["kubernetes.io"],
      let namespace = bound["namespace"]?.stringValue,
      let name = bound[path: ["serviceaccount", "name"]]?.stringValue,
      let uid = bound[path: ["serviceaccount", "uid"]]?.stringValue
    else { throw Refusal(reason: "invalid bearer token") }
    guard now < expiry else {
      throw Refusal(reason: "[invalid bearer token, service account token has expired]")
    }
    guard start <= now + Self.clockSkew else { throw Refusal(reason: "the token is not valid yet") }
    let own = (claims["aud"]?.arrayValue ?? []).compactMap(\.stringValue)
    let common = audiences.filter(own.contains)
    guard !common.isEmpty else {
      throw Refusal(
        reason: "[invalid bearer token, token audiences [\(own.joined(separator: " "))] is invalid "
          + "for the target audiences [\(audiences.joined(separator: " "))]]")
    }
    let account = ObjectKey(namespace: namespace, name: name)
    guard try await self.uid(of: .serviceAccounts, account) == uid else {
      throw Refusal(
        reason: "[invalid bearer token, service account \(namespace)/\(name) has been deleted]")
    }
    var holder = Holder(
      account: account, uid: uid, tokenID: claims["jti"]?.stringValue ?? "", audiences: common)
    if let pod = bound["pod"] {
      let podName = pod["name"]?.stringValue ?? ""
      let podUID = pod["uid"]?.stringValue ?? ""
      let key = ObjectKey(namespace: namespace, name: podName)
      guard try await self.uid(of: .pods, key) == podUID else {
        throw Refusal(
          reason: "[invalid bearer token, pod \(namespace)/\(podName) has been deleted]")
      }
      (holder.podName, holder.podUID) = (podName, podUID)
    }
    return holder
  }

  /// Clocks of one machine agree; those of two may differ by this many seconds.
  private static let clockSkew: Int64 = 60

  /// The UID of an object that exists.
  func uid(of resource: KubernetesResource, _ key: ObjectKey) async throws -> String? {
    guard let record = try await store.get(resource, key) else { return nil }
    return try JSONValue(parsing: record.json)[path: ["metadata", "uid"]]?.stringValue
  }

  /// The name of a service account as a user.
  static func user(_ account: ObjectKey) -> String {
    "system:serviceaccount:\(account.namespace):\(account.name)"
  }

  // MARK: Discovery

  /// The OpenID Connect documents with which others verify the tokens; nil for other paths.
  func document(path: [String]) -> JSONValue? {
    switch path {
    case [".well-known", "openid-configuration"]:
      [
        "issuer": .string(Self.issuer), "jwks_uri": .string("\(Self.issuer)/openid/v1/jwks"),
        "response_types_supported": ["id_token"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
      ]
    case ["openid", "v1", "jwks"]:
      ES256.coordinates(of: publicKey).map { point in
        [
          "keys": [
            [
              "use": "sig", "kty": "EC", "kid": .string(keyID), "crv": "P-256", "alg": "ES256",
              "x": .string(Base64URL.encode(point.x)), "y": .string(Base64URL.encode(point.y)),
            ]
          ]
        ]
      }
    default: nil
    }
  }
}
