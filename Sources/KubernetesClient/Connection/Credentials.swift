internal import OpenSSLCrypto
internal import Synchronization

/// What a client proves itself with.
package struct Credential: Hashable, Sendable {
  /// A certificate chain and its private key, both in PEM.
  package struct KeyPair: Hashable, Sendable {
    package var chainPEM: [UInt8]
    package var keyPEM: [UInt8]

    package init(chainPEM: [UInt8], keyPEM: [UInt8]) {
      self.chainPEM = chainPEM
      self.keyPEM = keyPEM
    }
  }

  /// The value of the `Authorization` header; nil for none.
  package var authorization: String?
  /// The client certificate; nil for none.
  package var keyPair: KeyPair?

  /// A credential; without arguments, that of nobody.
  package init(authorization: String? = nil, keyPair: KeyPair? = nil) {
    self.authorization = authorization
    self.keyPair = keyPair
  }

  /// A bearer token.
  package static func bearer(_ token: String, keyPair: KeyPair? = nil) -> Credential {
    Credential(authorization: "Bearer \(token)", keyPair: keyPair)
  }
}

/// Where a client's credential comes from; asked before each request.
package protocol CredentialSource: Sendable {
  /// The credential to use now.
  ///
  /// - Throws: `unreachable` with the reason when there is none.
  func credential() async throws(KubernetesClientError) -> Credential

  /// Told that the server refused a credential (401): the next one must not come from memory.
  func refused(_ credential: Credential)
}

/// A credential that never changes.
package struct FixedCredential: CredentialSource {
  private let value: Credential

  package init(_ value: Credential = Credential()) {
    self.value = value
  }

  package func credential() async throws(KubernetesClientError) -> Credential { value }

  package func refused(_ credential: Credential) {}
}

/// A bearer token in a file that is replaced from time to time, as the kubelet does.
package final class TokenFile: CredentialSource {
  /// How long a token that was read is used without a look at the file.
  private static let lifetime = Duration.seconds(10)

  private let path: String
  private let keyPair: Credential.KeyPair?
  private let read = Mutex<(token: String, at: ContinuousClock.Instant)?>(nil)

  package init(path: String, keyPair: Credential.KeyPair? = nil) {
    self.path = path
    self.keyPair = keyPair
  }

  package func credential() async throws(KubernetesClientError) -> Credential {
    let now = ContinuousClock.now
    let last = read.withLock { $0 }
    if let last, now - last.at < Self.lifetime { return .bearer(last.token, keyPair: keyPair) }
    let reason: String
    do throws(CryptoError) {
      let text = try PrivateFile.read(path).map { String(decoding: $0, as: UTF8.self) } ?? ""
      let token = text.filter { !$0.isWhitespace }
      if !token.isEmpty {
        read.withLock { $0 = (token, now) }
        return .bearer(token, keyPair: keyPair)
      }
      reason = "\(path) is missing or empty"
    } catch {
      reason = "\(error)"
    }
    // While a volume is being replaced the file may be missing for a moment.
    if let last { return .bearer(last.token, keyPair: keyPair) }
    throw .unreachable("there is no token: \(reason)")
  }

  package func refused(_ credential: Credential) {
    read.withLock { last in
      if let token = last?.token, credential.authorization == "Bearer \(token)" { last = nil }
    }
  }
}
