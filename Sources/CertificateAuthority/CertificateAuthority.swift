package import OpenSSLCrypto
internal import Synchronization

/// Issues certificates: parameters make a template, the template is signed, and what was signed is
/// checked before it is given out.
package final class CertificateAuthority: Sendable {
  /// Seconds since 1970.
  package typealias Clock = @Sendable () -> Int64
  /// Makes serial numbers: 16 bytes that do not repeat.
  package typealias SerialNumbers = @Sendable () throws(CryptoError) -> [UInt8]

  /// How long certificates live, in seconds.
  package struct Lifetimes: Hashable, Sendable {
    /// When a request names none: 24 hours.
    package var standard: Int64 = 86_400
    /// More than this is refused: 90 days.
    package var maximum: Int64 = 7_776_000

    /// Istio's lifetimes.
    package init() {}
  }

  /// Clocks differ: a certificate is valid from two minutes before its issue.
  private static let clockSkew: Int64 = 120
  private static let maximumIdentityLength = 2048

  private struct State {
    var slots: SigningSlots
    var verifier: CertificateVerifier
  }

  private let state: Mutex<State>
  private let lifetimes: Lifetimes
  private let clock: Clock
  private let serialNumbers: SerialNumbers
  private let ledger: IssuanceLedger?

  /// A CA that signs with the current slot.
  package init(
    slots: SigningSlots, lifetimes: Lifetimes = Lifetimes(), ledger: IssuanceLedger? = nil,
    clock: @escaping Clock = CertificateAuthority.systemClock,
    serialNumbers: @escaping SerialNumbers = CertificateAuthority.randomSerialNumbers
  ) throws(CryptoError) {
    self.state = Mutex(
      State(slots: slots, verifier: try slots.verifier()))
    self.lifetimes = lifetimes
    self.ledger = ledger
    self.clock = clock
    self.serialNumbers = serialNumbers
  }

  /// The trust anchors.
  package var roots: [Certificate] { state.withLock { $0.slots.roots } }

  /// The trust anchors as one PEM text.
  package var rootsPEM: String { roots.map(\.pem).joined() }

  /// Verifies chains against the trust anchors in force now.
  package var verifier: CertificateVerifier { state.withLock { $0.verifier } }

  /// Replaces the signers; what was issued stays valid while its root is in one of the slots.
  package func replace(_ slots: SigningSlots) throws(CryptoError) {
    let verifier = try slots.verifier()
    state.withLock { $0 = State(slots: slots, verifier: verifier) }
  }

  /// Issues a certificate for an authenticated workload.
  ///
  /// Of its signing request only the key is used; `identity` is the SPIFFE URI that goes into the
  /// certificate; `lifetime` is in seconds, the standard lifetime when not positive.
  package func issue(
    requestPEM: String, identity: String, lifetime: Int64
  ) throws(IssuanceError) -> IssuedCertificate {
    guard identity.hasPrefix("spiffe://"), identity.utf8.count <= Self.maximumIdentityLength,
      identity.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else { throw .invalidIdentity(identity) }
    guard lifetime <= lifetimes.maximum else {
      throw .lifetimeTooLong(requested: lifetime, maximum: lifetimes.maximum)
    }
    let publicKey: PublicKey
    do {
      publicKey = try CertificateSigningRequest(verifying: requestPEM).publicKey
    } catch {
      throw .invalidRequest(error)
    }
    return try sign(
      publicKey: publicKey, names: [.uri(identity)], isCritical: true,
      lifetime: lifetime > 0 ? lifetime : lifetimes.standard)
  }

  /// Makes a key and a certificate for a server of the control plane itself.
  package func issueServerCertificate(
    names: [SubjectAlternativeName], lifetime: Int64, keyType: KeyType = .ecdsaP256
  ) throws(IssuanceError) -> (certificate: IssuedCertificate, keyPEM: String) {
    let key: PrivateKey
    let publicKey: PublicKey
    let keyPEM: String
    do {
      key = try PrivateKey(generating: keyType)
      publicKey = try key.publicKey()
      keyPEM = try key.pem()
    } catch {
      throw .signing(error)
    }
    let issued = try sign(
      publicKey: publicKey, names: names, isCritical: true, lifetime: lifetime)
    return (issued, keyPEM)
  }

  private func sign(
    publicKey: PublicKey, names: [SubjectAlternativeName], isCritical: Bool, lifetime: Int64
  ) throws(IssuanceError) -> IssuedCertificate {
    let (signer, roots, verifier) = state.withLock {
      ($0.slots.current, $0.slots.roots, $0.verifier)
    }
    let now = clock()
    guard signer.certificate.notBefore <= now, now < signer.certificate.notAfter else {
      throw .signerExpired
    }
    let certificate: Certificate
    let template: CertificateTemplate
    do {
      var parameters = CertificateTemplate(
        serialNumber: try serialNumbers(), notBefore: now - Self.clockSkew,
        notAfter: min(now + lifetime, signer.certificate.notAfter), publicKey: publicKey,
        keyUsage: [.digitalSignature, .keyEncipherment])
      parameters.subjectAlternativeNames = names
      parameters.subjectAlternativeNameIsCritical = isCritical
      parameters.extendedKeyUsages = [.serverAuthentication, .clientAuthentication]
      template = parameters
      certificate = try template.sign(with: signer.key, issuer: signer.certificate)
    } catch {
      throw .signing(error)
    }
    let issued = IssuedCertificate(
      certificate: certificate, intermediates: signer.intermediates, roots: roots)
    try validate(issued, against: template, verifier: verifier, now: now)
    ledger?.record(Issuance(certificate, issuedAt: now))
    return issued
  }

  private func validate(
    _ issued: IssuedCertificate, against template: CertificateTemplate,
    verifier: CertificateVerifier, now: Int64
  ) throws(IssuanceError) {
    let certificate = issued.certificate
    guard certificate.subjectAlternativeNames == template.subjectAlternativeNames,
      certificate.subjectAlternativeNameIsCritical, !certificate.isCA,
      certificate.publicKey == template.publicKey,
      certificate.notBefore == template.notBefore, certificate.notAfter == template.notAfter,
      certificate.keyUsage == template.keyUsage,
      certificate.extendedKeyUsages == Set(template.extendedKeyUsages)
    else { throw .invalidResult("its fields differ from the template") }
    do {
      try verifier.verify(
        chainDER: [certificate.der] + issued.intermediates.map(\.der), at: now, for: .client)
    } catch {
      throw .invalidResult("\(error)")
    }
  }
}

/// A certificate with what its holder needs to present and to trust.
package struct IssuedCertificate: Sendable {
  /// The new certificate.
  package let certificate: Certificate
  /// The certificates between it and the roots.
  package let intermediates: [Certificate]
  /// The trust anchors.
  package let roots: [Certificate]

  /// The chain to present: the certificate and the intermediates.
  package var chainPEM: String { ([certificate] + intermediates).map(\.pem).joined() }

  /// The chain as `IstioCertificateResponse` lists it: the certificate, each intermediate, and all
  /// roots in the last text.
  package var responsePEMs: [String] {
    [certificate.pem] + intermediates.map(\.pem) + [roots.map(\.pem).joined()]
  }
}
