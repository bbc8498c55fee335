internal import NIOCore
internal import NIOSSL
internal import Synchronization

/// The TLS side of a server: a certificate that can be replaced while running, and a judge of the
/// certificates that clients present.
///
/// Clients may connect without a certificate. TLS 1.2 and 1.3, ALPN `h2`.
package final class GRPCServerTLS: Sendable {
  /// Judges a client's certificates, leaf first, in DER; false refuses the handshake.
  package typealias Verifier = @Sendable (_ chainDER: [[UInt8]]) -> Bool

  private let context: Mutex<NIOSSLContext>
  private let verifier: Verifier

  /// TLS with a certificate chain and its key in PEM.
  ///
  /// - Throws: `GRPCTLSError` when they cannot be used.
  package init(
    certificateChainPEM: String, privateKeyPEM: String, verifier: @escaping Verifier
  ) throws(GRPCTLSError) {
    self.verifier = verifier
    self.context = Mutex(
      try Self.makeContext(certificateChainPEM: certificateChainPEM, privateKeyPEM: privateKeyPEM))
  }

  /// Replaces the certificate; connections that exist keep theirs.
  package func update(
    certificateChainPEM: String, privateKeyPEM: String
  ) throws(GRPCTLSError) {
    let new = try Self.makeContext(
      certificateChainPEM: certificateChainPEM, privateKeyPEM: privateKeyPEM)
    context.withLock { $0 = new }
  }

  /// A handler for a new connection; `accepted` is told the client's certificates on its loop.
  func makeHandler(
    accepted: @escaping ([[UInt8]]) -> Void
  ) -> NIOSSLServerHandler {
    let verifier = verifier
    return NIOSSLServerHandler(
      context: context.withLock { $0 },
      customVerificationCallback: { certificates, promise in
        guard let chain = try? certificates.map({ try $0.toDERBytes() }), verifier(chain) else {
          promise.succeed(.failed)
          return
        }
        accepted(chain)
        promise.succeed(.certificateVerified)
      })
  }

  private static func makeContext(
    certificateChainPEM: String, privateKeyPEM: String
  ) throws(GRPCTLSError) -> NIOSSLContext {
    do {
      let chain = try NIOSSLCertificate.fromPEMBytes(Array(certificateChainPEM.utf8))
      let key = try NIOSSLPrivateKey(bytes: Array(privateKeyPEM.utf8), format: .pem)
      var configuration = TLSConfiguration.makeServerConfiguration(
        certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
      configuration.minimumTLSVersion = .tlsv12
      configuration.certificateVerification = .optionalVerification
      configuration.applicationProtocols = ["h2"]
      return try NIOSSLContext(configuration: configuration)
    } catch {
      throw GRPCTLSError(reason: "\(error)")
    }
  }
}

/// A certificate, key or trust anchor that cannot be used.
package struct GRPCTLSError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What the TLS library said.
  package let reason: String

  package var description: String { "unusable TLS material: \(reason)" }
}
