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

  /// Everything that stays the same from one certificate to the next.
  private struct State: Sendable {
    let slots: SigningSlots
    let verifier: CertificateVerifier
    let check: IssuanceCheck
    let chain: IssuingChain

    init(_ slots: SigningSlots) throws(CryptoError) {
      self.slots = slots
      verifier = try slots.verifier()
      check = try IssuanceCheck(signer: slots.current, verifier: verifier)
      chain = IssuingChain(intermediates: slots.current.intermediates, roots: slots.roots)
    }
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
    self.state = Mutex(try State(slots))
    self.lifetimes = lifetimes
    self.ledger = ledger
    self.clock = clock
    self.serialNumbers = serialNumbers
  }

  /// The trust anchors.
  package var roots: [Certificate] { state.withLock { $0.chain.roots } }

  /// What certificates are issued with: the signer, what stands between it and the roots, and these.
  package var signingChain: [Certificate] {
    state.withLock { state in
      [state.slots.current.certificate] + state.chain.intermediates + state.chain.roots
    }
  }

  /// The trust anchors as one PEM text.
  package var rootsPEM: String { state.withLock { $0.chain.rootsPEM } }

  /// Verifies chains against the trust anchors in force now.
  package var verifier: CertificateVerifier { state.withLock { $0.verifier } }

  /// Replaces the signers; what was issued stays valid while its root is in one of the slots.
  package func replace(_ slots: SigningSlots) throws(CryptoError) {
    let new = try State(slots)
    state.withLock { $0 = new }
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
    let state = state.withLock { $0 }
    let signer = state.slots.current
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
    try state.check.check(certificate, against: template, now: now)
    ledger?.record(Issuance(certificate, issuedAt: now))
    return IssuedCertificate(certificate: certificate, chain: state.chain)
  }
}
