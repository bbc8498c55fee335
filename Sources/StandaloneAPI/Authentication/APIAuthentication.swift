internal import KubernetesAPI
internal import OpenSSLCrypto

/// Who may use the API, when it asks for bearer tokens.
///
/// There are two kinds of callers: the holder of the administrator's token may do everything; a service
/// account may read what is not secret and have tokens reviewed. Roles are kept but not evaluated.
struct APIAuthentication: Sendable {
  private static let tokenFile = "admin-token"

  /// The token of the administrator.
  let administratorToken: String
  private let digest: [UInt8]
  let tokens: ServiceAccountTokens

  /// Reads the administrator's token in `folder`, or makes one that only its owner may read.
  init(folder: String, tokens: ServiceAccountTokens) throws(CryptoError) {
    let path = "\(folder)/\(Self.tokenFile)"
    if let bytes = try PrivateFile.read(path), bytes.count >= 32 {
      let text = String(decoding: bytes, as: UTF8.self)
      administratorToken = String(text.prefix { !$0.isWhitespace })
    } else {
      administratorToken = Hexadecimal.text(try SecureRandom.bytes(32))
      try PrivateFile.write(Array(administratorToken.utf8), to: path)
    }
    digest = SHA256Digest.hash(Array(administratorToken.utf8))
    self.tokens = tokens
  }

  /// What a request wants to do.
  struct Attempt {
    var isRead: Bool
    var resource: KubernetesResource?
    var isTokenReview = false
  }

  /// Lets a caller pass, or tells it why not.
  func admit(authorization: String?, _ attempt: Attempt, now: Int64) async throws {
    guard let token = authorization.flatMap(Self.bearerToken) else { throw Self.unauthorized }
    // Digests are compared, so how long that takes says nothing about the token.
    if SHA256Digest.hash(Array(token.utf8)) == digest { return }
    let holder: ServiceAccountTokens.Holder
    do {
      holder = try await tokens.review(
        token, audiences: [ServiceAccountTokens.issuer], now: now)
    } catch is ServiceAccountTokens.Refusal {
      throw Self.unauthorized
    }
    guard attempt.isTokenReview || (attempt.isRead && attempt.resource != .secrets) else {
      throw APIStatus(
        code: 403, reason: "Forbidden",
        message: "\(ServiceAccountTokens.user(holder.account)) may only read what is not secret: "
          + "this API keeps roles but does not evaluate them")
    }
  }

  private static let unauthorized = APIStatus(
    code: 401, reason: "Unauthorized", message: "Unauthorized")

  private static func bearerToken(_ header: String) -> String? {
    let parts = header.split(separator: " ")
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
    return String(parts[1])
  }
}
