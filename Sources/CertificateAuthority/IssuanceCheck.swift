internal import OpenSSLCrypto
internal import Synchronization

/// Decides whether a certificate that was just signed may be given out.
///
/// What was signed is read again from its bytes; every field is compared with the template, and the
/// signature is verified with the key of the signer, for each certificate. That the signer leads to a
/// trusted root is the same for all of them: OpenSSL verifies the whole chain of the first one and then
/// of one a minute, and of every one where a certificate above it may set rules for what is below.
final class IssuanceCheck: Sendable {
  /// How long the verdict on the chain above a certificate holds, in seconds.
  private static let verdictLifetime: Int64 = 60

  private let signer: SigningMaterial
  private let signerKey: VerificationKey
  private let verifier: CertificateVerifier
  private let needsWholeChain: Bool
  /// When OpenSSL has found the chain valid, and until when that counts.
  private let verdict = Mutex<Range<Int64>>(0..<0)

  init(signer: SigningMaterial, verifier: CertificateVerifier) throws(CryptoError) {
    self.signer = signer
    self.signerKey = try VerificationKey(signer.certificate.publicKey)
    self.verifier = verifier
    self.needsWholeChain = signer.authorities.contains { $0.mayLimitWhatItSigns }
  }

  /// Checks a certificate that was made from `template` at `now`.
  func check(
    _ certificate: Certificate, against template: CertificateTemplate, now: Int64
  ) throws(IssuanceError) {
    guard certificate.serialNumber == Array(template.serialNumber.drop { $0 == 0 }),
      certificate.subjectDER == template.subjectDER,
      certificate.subjectAlternativeNames == template.subjectAlternativeNames,
      certificate.subjectAlternativeNameIsCritical, !certificate.isCA,
      certificate.publicKey == template.publicKey,
      certificate.notBefore == template.notBefore, certificate.notAfter == template.notAfter,
      certificate.keyUsage == template.keyUsage,
      certificate.extendedKeyUsages == Set(template.extendedKeyUsages)
    else { throw .invalidResult("its fields differ from the template") }
    guard certificate.notBefore <= now, now < certificate.notAfter else {
      throw .invalidResult("it is not valid now")
    }
    do {
      try certificate.verifyIssue(by: signer.certificate, key: signerKey)
      if needsWholeChain || !verdict.withLock({ $0.contains(now) }) {
        try verifyWholeChain(certificate, now: now)
      }
    } catch {
      throw .invalidResult("\(error)")
    }
  }

  private func verifyWholeChain(_ certificate: Certificate, now: Int64) throws(CryptoError) {
    try verifier.verify(
      chainDER: [certificate.der] + signer.intermediates.map(\.der), at: now, for: .client)
    let ends = signer.authorities.map(\.notAfter).filter { $0 > now }
    let until = min(now.addingClamped(Self.verdictLifetime), ends.min() ?? now)
    verdict.withLock { $0 = now..<until }
  }
}

extension SigningMaterial {
  /// The signer and everything above it.
  fileprivate var authorities: [Certificate] { [certificate] + intermediates + roots }
}

extension Int64 {
  fileprivate func addingClamped(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
