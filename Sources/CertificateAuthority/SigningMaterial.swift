package import OpenSSLCrypto

/// A CA's certificate and key, with the way from it to the roots.
package struct SigningMaterial: Sendable {
  /// The certificate whose key signs.
  package let certificate: Certificate
  /// The certificates between a leaf and the roots, the signer's first; empty when that is a root.
  package let intermediates: [Certificate]
  /// The trust anchors.
  package let roots: [Certificate]
  let key: PrivateKey

  /// Checks that the parts belong together.
  ///
  /// `chain` has the certificates from the signer upwards; roots among them are left out.
  ///
  /// - Throws: `CryptoError` when the key is another's, the certificate may not sign, or there is
  ///   no path to a root.
  package init(
    certificate: Certificate, key: PrivateKey, chain: [Certificate], roots: [Certificate],
    now: Int64
  ) throws(CryptoError) {
    let operation = "use a CA certificate"
    guard try key.publicKey() == certificate.publicKey else {
      throw CryptoError(operation, "the key does not belong to it")
    }
    guard certificate.isCA, certificate.keyUsage?.contains(.keyCertSign) ?? true else {
      throw CryptoError(operation, "it may not sign certificates")
    }
    guard !roots.isEmpty else { throw CryptoError(operation, "there is no root certificate") }
    var intermediates = chain.filter { !roots.contains($0) }
    if !roots.contains(certificate), intermediates.first != certificate {
      intermediates.removeAll { $0 == certificate }
      intermediates.insert(certificate, at: 0)
    }
    self.certificate = certificate
    self.key = key
    self.intermediates = intermediates
    self.roots = roots
    try verifyPath(at: now)
  }

  /// A new self-signed root named after a trust domain.
  package static func selfSigned(
    trustDomain: String, keyType: KeyType, lifetime: Int64, now: Int64, serialNumber: [UInt8]
  ) throws(CryptoError) -> SigningMaterial {
    let key = try PrivateKey(generating: keyType)
    var template = CertificateTemplate(
      serialNumber: serialNumber, notBefore: now - 120, notAfter: now + lifetime,
      publicKey: try key.publicKey(), keyUsage: [.keyCertSign, .crlSign])
    template.organization = trustDomain
    template.isCA = true
    let certificate = try template.sign(with: key, issuer: nil)
    return try SigningMaterial(
      certificate: certificate, key: key, chain: [], roots: [certificate], now: now)
  }

  /// Whether so little is left of the life of a self-signed root that it has to be renewed: a fifth, as with
  /// istiod.
  package static func isDueForRenewal(_ root: Certificate, at now: Int64) -> Bool {
    root.notAfter - now <= (root.notAfter - root.notBefore) / 5
  }

  /// The same root with the same key for another `lifetime` seconds.
  package func renewed(
    lifetime: Int64, now: Int64, serialNumber: [UInt8]
  ) throws(CryptoError) -> SigningMaterial {
    let template = CertificateTemplate(
      renewing: certificate, serialNumber: serialNumber, notBefore: now - 120,
      notAfter: now + lifetime)
    let root = try template.sign(with: key, issuer: nil)
    return try SigningMaterial(certificate: root, key: key, chain: [], roots: [root], now: now)
  }

  private func verifyPath(at now: Int64) throws(CryptoError) {
    let chain = intermediates.isEmpty ? [certificate] : intermediates
    let verifier = try CertificateVerifier(roots: roots)
    do {
      try verifier.verify(chainDER: chain.map(\.der), at: now, for: .authority)
    } catch {
      throw CryptoError("use a CA certificate", error.reason)
    }
  }
}

/// The signer in use and the one that comes after it.
///
/// The roots of both are trusted, so that the next one is known everywhere before it signs.
package struct SigningSlots: Sendable {
  /// Signs now.
  package var current: SigningMaterial
  /// Distributed already, signs later.
  package var next: SigningMaterial?

  /// Slots with a signer and perhaps its successor.
  package init(current: SigningMaterial, next: SigningMaterial? = nil) {
    self.current = current
    self.next = next
  }

  /// Verifies chains to the roots of both, also where a chain is no more than a leaf of one of them.
  func verifier() throws(CryptoError) -> CertificateVerifier {
    try CertificateVerifier(
      roots: roots, intermediates: current.intermediates + (next?.intermediates ?? []))
  }

  /// All trust anchors, without repetition.
  package var roots: [Certificate] {
    var result = current.roots
    for root in next?.roots ?? [] where !result.contains(root) {
      result.append(root)
    }
    return result
  }
}

extension SigningMaterial {
  /// The private key in PEM, to be kept where only the authority can read it.
  package func privateKeyPEM() throws(CryptoError) -> String { try key.pem() }
}
