internal import NIOCore
internal import NIOSSL
internal import Synchronization

/// The certificate of the webhook server, which can be replaced while it runs.
///
/// TLS 1.2 and 1.3; clients are not asked for certificates.
package final class WebhookTLS: Sendable {
  private struct Material: Sendable {
    var chain: [NIOSSLCertificate]
    var key: NIOSSLPrivateKey
  }

  private let material: Mutex<Material>

  /// TLS with a certificate chain and its key in PEM.
  ///
  /// - Throws: `WebhookTLSError` when they cannot be used.
  package init(certificateChainPEM: String, privateKeyPEM: String) throws(WebhookTLSError) {
    material = Mutex(try Self.load(certificateChainPEM, privateKeyPEM))
  }

  /// Replaces the certificate; connections that exist keep theirs.
  package func update(
    certificateChainPEM: String, privateKeyPEM: String
  ) throws(WebhookTLSError) {
    let new = try Self.load(certificateChainPEM, privateKeyPEM)
    material.withLock { $0 = new }
  }

  /// A configuration that takes the present certificate for each connection.
  func configuration() -> TLSConfiguration {
    let first = material.withLock { $0 }
    var configuration = Self.configuration(first)
    configuration.sslContextCallback = { [self] _, promise in
      let present = material.withLock { $0 }
      var override = NIOSSLContextConfigurationOverride()
      override.certificateChain = present.chain.map { .certificate($0) }
      override.privateKey = .privateKey(present.key)
      promise.succeed(override)
    }
    return configuration
  }

  private static func configuration(_ material: Material) -> TLSConfiguration {
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: material.chain.map { .certificate($0) },
      privateKey: .privateKey(material.key))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    return configuration
  }

  private static func load(
    _ chain: String, _ key: String
  ) throws(WebhookTLSError) -> Material {
    do {
      let material = Material(
        chain: try NIOSSLCertificate.fromPEMBytes(Array(chain.utf8)),
        key: try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem))
      // Tells a key that is not the certificate's now, and not in a handshake.
      _ = try NIOSSLContext(configuration: configuration(material))
      return material
    } catch {
      throw WebhookTLSError(reason: "\(error)")
    }
  }
}

/// A certificate or key that cannot be used.
package struct WebhookTLSError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What the TLS library said.
  package let reason: String

  /// What is wrong.
  package var description: String { "unusable TLS material: \(reason)" }
}
