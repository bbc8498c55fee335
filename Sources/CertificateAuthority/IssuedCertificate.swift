package import OpenSSLCrypto

/// What all certificates of a signer share: the way from them to the roots.
struct IssuingChain: Sendable {
  let intermediates: [Certificate]
  let roots: [Certificate]
  let intermediatePEMs: [String]
  let rootsPEM: String

  init(intermediates: [Certificate], roots: [Certificate]) {
    self.intermediates = intermediates
    self.roots = roots
    intermediatePEMs = intermediates.map(\.pem)
    rootsPEM = roots.map(\.pem).joined()
  }
}

/// A certificate with what its holder needs to present and to trust.
package struct IssuedCertificate: Sendable {
  /// The new certificate.
  package let certificate: Certificate
  private let chain: IssuingChain

  init(certificate: Certificate, chain: IssuingChain) {
    self.certificate = certificate
    self.chain = chain
  }

  /// The certificates between it and the roots.
  package var intermediates: [Certificate] { chain.intermediates }

  /// The trust anchors.
  package var roots: [Certificate] { chain.roots }

  /// The chain to present: the certificate and the intermediates.
  package var chainPEM: String { certificate.pem + chain.intermediatePEMs.joined() }

  /// The chain as `IstioCertificateResponse` lists it: the certificate, each intermediate, and all
  /// roots in the last text.
  package var responsePEMs: [String] {
    [certificate.pem] + chain.intermediatePEMs + [chain.rootsPEM]
  }
}
