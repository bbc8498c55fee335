package import GRPCTransport
package import Logging
internal import NIOCore
package import OpenSSLCrypto

/// Decides who a caller is, from its client certificate or its bearer token.
///
/// Plaintext callers are nobody and allowed; encrypted callers must prove who they are.
package final class WorkloadAuthenticator: Sendable {
  /// What a caller without an acceptable credential is told; details go to the log only.
  package static let failure = GRPCStatus(.unauthenticated, "request authenticate failure")

  private let trustDomains: Set<String>
  private let trustDomain: String
  private let verifier: @Sendable () -> CertificateVerifier
  private let tokens: [any TokenAuthenticator]
  private let clock: @Sendable () -> Int64
  private let logger: Logger

  /// An authenticator for the members of a trust domain.
  ///
  /// `trustDomain` goes into the identities of token holders; certificates of the `aliases` are
  /// accepted too. `verifier` gives the trust anchors in force; `tokens` are asked in order until
  /// one knows the token.
  package init(
    trustDomain: String, aliases: [String] = [],
    verifier: @escaping @Sendable () -> CertificateVerifier, tokens: [any TokenAuthenticator],
    clock: @escaping @Sendable () -> Int64, logger: Logger = Logger(label: "skein.authentication")
  ) {
    self.trustDomain = trustDomain
    self.trustDomains = Set([trustDomain] + aliases)
    self.verifier = verifier
    self.tokens = tokens
    self.clock = clock
    self.logger = logger
  }

  /// Judges the certificates of a TLS client; for `GRPCServerTLS`.
  package func accepts(chainDER: [[UInt8]]) -> Bool {
    do {
      try verifier().verify(chainDER: chainDER, at: clock(), for: .client)
      return true
    } catch {
      logger.debug("A client certificate is refused", metadata: ["error": "\(error)"])
      return false
    }
  }

  /// Who the caller is; nil for a plaintext caller.
  ///
  /// - Throws: `unauthenticated` for an encrypted caller without a valid credential,
  ///   `unavailable` when its token cannot be checked now.
  package func authenticate(
    _ call: GRPCServerCall
  ) async throws(GRPCStatus) -> WorkloadIdentity? {
    try await authenticate(
      peer: call.peer, authorization: call.header("authorization"))
  }

  /// Who a caller with this peer and `authorization` header is; as `authenticate(_:)`.
  package func authenticate(
    peer: GRPCPeer, authorization: String?
  ) async throws(GRPCStatus) -> WorkloadIdentity? {
    guard peer.isTLS else { return nil }
    if !peer.certificateChainDER.isEmpty, let identity = certified(peer.certificateChainDER) {
      return WorkloadIdentity(identity: identity, credential: .certificate)
    }
    guard let token = authorization.flatMap({ bearerToken($0) }) else { throw Self.failure }
    for authenticator in tokens {
      do {
        guard let holder = try await authenticator.authenticate(token: token),
          let identity = identity(of: holder)
        else { continue }
        return identity
      } catch {
        logger.warning("Tokens cannot be checked", metadata: ["error": "\(error)"])
        throw GRPCStatus(.unavailable, "credentials cannot be checked now")
      }
    }
    throw Self.failure
  }

  /// Admits a call: `body` is called with the caller once that is known, on the call's event loop.
  package func admit(
    _ call: GRPCServerCall,
    _ body: @escaping @Sendable (WorkloadIdentity?) -> GRPCAdmission
  ) -> GRPCAdmission {
    guard call.peer.isTLS else { return body(nil) }
    if let identity = remembered(call) { return body(identity) }
    return .later(
      call.eventLoop.makeFutureWithTask {
        let identity = try await self.authenticate(call)
        return { body(identity) }
      })
  }

  /// Who the caller is, where its token was checked a moment ago; spares a call two changes of thread.
  private func remembered(_ call: GRPCServerCall) -> WorkloadIdentity? {
    // A certificate comes before a token, and takes longer to judge than an event loop should wait.
    guard call.peer.certificateChainDER.isEmpty,
      let token = call.header("authorization").flatMap({ bearerToken($0) })
    else { return nil }
    for authenticator in tokens {
      if let holder = authenticator.remembered(token: token) { return identity(of: holder) }
    }
    return nil
  }

  private func identity(of holder: TokenHolder) -> WorkloadIdentity? {
    SPIFFEIdentity(
      trustDomain: trustDomain, namespace: holder.namespace,
      serviceAccount: holder.serviceAccount
    ).map { WorkloadIdentity(identity: $0, credential: .token, pod: holder.pod) }
  }

  private func certified(_ chainDER: [[UInt8]]) -> SPIFFEIdentity? {
    // The handshake has verified the chain, but roots and clocks move on.
    guard accepts(chainDER: chainDER), let leaf = chainDER.first,
      let certificate = try? Certificate(der: leaf)
    else { return nil }
    // An X.509-SVID has exactly one URI (X.509-SVID, section 2).
    guard certificate.uris.count == 1, let uri = certificate.uris.first,
      let identity = SPIFFEIdentity(uri: uri), trustDomains.contains(identity.trustDomain)
    else {
      logger.debug("A client certificate has no identity of this mesh")
      return nil
    }
    return identity
  }

  private func bearerToken(_ header: String) -> String? {
    let parts = header.split(separator: " ", omittingEmptySubsequences: true)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
    return String(parts[1])
  }
}
