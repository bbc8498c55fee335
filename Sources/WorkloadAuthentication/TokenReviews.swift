internal import KubernetesAPI
package import KubernetesClient
internal import OpenSSLCrypto
internal import StreamingJSON
internal import Synchronization

/// Judges tokens of service accounts by asking the cluster
/// (<https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1/>).
///
/// A good token is remembered by its digest, until it expires at the latest, for seconds otherwise; a bad
/// one for as long, so that a stranger who repeats himself costs nothing.
package final class TokenReviews: TokenAuthenticator {
  /// The audience that a token must have been made for, as Istio's agents ask for it.
  package static let audience = "istio-ca"

  /// The longest token that is looked at.
  private static let maximumTokenLength = 16 << 10

  private let client: KubernetesClient
  private let audiences: [String]
  private let clock: @Sendable () -> Int64
  private let instant: @Sendable () -> ContinuousClock.Instant
  private let memory = Mutex(ReviewMemory())

  /// `clock` gives seconds since 1970, `instant` how long an answer is remembered.
  package init(
    client: KubernetesClient, audiences: [String] = [audience],
    clock: @escaping @Sendable () -> Int64,
    instant: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
  ) {
    self.client = client
    self.audiences = audiences
    self.clock = clock
    self.instant = instant
  }

  package func authenticate(
    token: String
  ) async throws(TokenAuthenticationFailure) -> TokenHolder? {
    guard token.utf8.count <= Self.maximumTokenLength else { return nil }
    // What is no JSON Web Token costs the cluster nothing. Its claims are not looked at: the cluster judges.
    guard token.utf8.lazy.filter({ $0 == UInt8(ascii: ".") }).count == 2 else { return nil }
    let digest = Self.digest(token)
    switch recall(digest) {
    case .good(let holder): return holder
    case .bad: return nil
    case nil: break
    }
    let answer = try await review(token)
    let expiry = answer == .bad ? .max : Self.expiry(token)
    // An empty digest is that of an OpenSSL that cannot make one.
    if !digest.isEmpty {
      memory.withLock { $0.remember(digest, answer, expiresAt: expiry, at: instant()) }
    }
    return answer.holder
  }

  package func remembered(token: String) -> TokenHolder? {
    guard token.utf8.count <= Self.maximumTokenLength else { return nil }
    return recall(Self.digest(token))?.holder
  }

  private func recall(_ digest: [UInt8]) -> ReviewMemory.Answer? {
    memory.withLock { $0.answer(for: digest, now: clock(), at: instant()) }
  }

  private func review(
    _ token: String
  ) async throws(TokenAuthenticationFailure) -> ReviewMemory.Answer {
    let request: JSONValue = [
      "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview",
      "spec": ["token": .string(token), "audiences": .array(audiences.map { .string($0) })],
    ]
    let status: JSONValue?
    do throws(KubernetesClientError) {
      status = try await client.create(request, as: .tokenReviews, for: .review).object["status"]
    } catch {
      // The server may quote what it was sent.
      throw TokenAuthenticationFailure(
        error.description.replacing(token, with: "…"))
    }
    guard let status, status["authenticated"]?.boolValue == true,
      // A server that knows no audiences answers none, and takes any token for everybody's.
      let granted = status["audiences"]?.arrayValue?.compactMap(\.stringValue),
      !Set(granted).isDisjoint(with: audiences),
      let groups = status[path: ["user", "groups"]]?.arrayValue?.compactMap(\.stringValue),
      groups.contains("system:serviceaccounts"),
      let parts = status[path: ["user", "username"]]?.stringValue?
        .split(separator: ":", omittingEmptySubsequences: false).map(String.init),
      parts.count == 4, parts[0] == "system", parts[1] == "serviceaccount"
    else { return .bad }
    let pod = status[path: ["user", "extra", "authentication.kubernetes.io/pod-name"]]?
      .arrayValue?.first?.stringValue
    return .good(TokenHolder(namespace: parts[2], serviceAccount: parts[3], pod: pod))
  }

  private static func digest(_ token: String) -> [UInt8] { SHA256Digest.hash(Array(token.utf8)) }

  /// When a token says that it expires; only ever shortens how long it is remembered.
  private static func expiry(_ token: String) -> Int64 {
    let parts = token.split(separator: ".")
    guard parts.count == 3,
      let bytes = Base64.decode(
        String(parts[1]).replacing("-", with: "+").replacing("_", with: "/").paddedBase64),
      bytes.count <= 8 << 10, let claims = try? JSONValue(parsing: bytes)
    else { return .max }
    return claims["exp"]?.integerValue ?? .max
  }
}

extension String {
  fileprivate var paddedBase64: String {
    self + String(repeating: "=", count: (4 - utf8.count % 4) % 4)
  }
}
