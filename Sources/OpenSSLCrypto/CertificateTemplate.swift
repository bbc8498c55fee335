/// Everything a certificate will say; `sign` makes the certificate.
package struct CertificateTemplate: Hashable, Sendable {
  /// What a certificate that this one follows has: its encoded name and its key identifier.
  private struct Predecessor: Hashable {
    var subject: [UInt8]
    var keyIdentifier: [UInt8]
  }

  private var predecessor: Predecessor?
  /// The subject's organization; an empty subject when both parts are nil.
  package var organization: String?
  /// The subject's common name.
  package var commonName: String?
  /// The serial number, big endian, positive, at most 20 bytes.
  package var serialNumber: [UInt8]
  /// Start of validity, seconds since 1970.
  package var notBefore: Int64
  /// End of validity, seconds since 1970.
  package var notAfter: Int64
  /// The key to certify.
  package var publicKey: PublicKey
  /// The names it is for.
  package var subjectAlternativeNames: [SubjectAlternativeName] = []
  /// Whether the subjectAltName extension is critical, as it must be with an empty subject.
  package var subjectAlternativeNameIsCritical = true
  /// What the key may be used for.
  package var keyUsage: KeyUsage
  /// What the certificate may be used for.
  package var extendedKeyUsages: [ExtendedKeyUsage] = []
  /// Whether it may sign certificates.
  package var isCA = false

  /// A template with what every certificate needs.
  package init(
    serialNumber: [UInt8], notBefore: Int64, notAfter: Int64, publicKey: PublicKey,
    keyUsage: KeyUsage
  ) {
    self.serialNumber = serialNumber
    self.notBefore = notBefore
    self.notAfter = notAfter
    self.publicKey = publicKey
    self.keyUsage = keyUsage
  }

  /// A template for the same authority with the same key at another time: what the one before signed, this
  /// one verifies.
  package init(
    renewing authority: Certificate, serialNumber: [UInt8], notBefore: Int64, notAfter: Int64
  ) {
    self.init(
      serialNumber: serialNumber, notBefore: notBefore, notAfter: notAfter,
      publicKey: authority.publicKey, keyUsage: authority.keyUsage ?? [.keyCertSign, .crlSign])
    predecessor = Predecessor(
      subject: authority.subjectDER, keyIdentifier: authority.keyIdentifier)
    isCA = true
  }

  private var keyIdentifier: [UInt8] { predecessor?.keyIdentifier ?? publicKey.identifier }

  /// Signs with the key of `issuer`, or makes a self-signed certificate when that is nil.
  package func sign(
    with key: PrivateKey, issuer: Certificate?
  ) throws(CryptoError) -> Certificate {
    let algorithm = SignatureAlgorithm.forSigning(with: try key.publicKey())
    let subject = subjectDER
    let issuerKeyIdentifier =
      issuer?.keyIdentifier ?? keyIdentifier
    let tbs = DERWriter.sequence(
      DERWriter.element(DERTag.constructed(0), DERWriter.integer(2)),
      DERWriter.integer(serialNumber), algorithm.encoding, issuer?.subjectDER ?? subject,
      DERWriter.sequence(DERWriter.time(notBefore), DERWriter.time(notAfter)), subject,
      publicKey.subjectPublicKeyInfoDER,
      DERWriter.element(
        DERTag.constructed(3),
        DERWriter.element(
          DERTag.sequence, encodedExtensions(issuerKeyIdentifier: issuerKeyIdentifier))))
    let signature = try key.sign(tbs)
    return try Certificate(
      der: DERWriter.sequence(tbs, algorithm.encoding, DERWriter.bitString(signature)))
  }

  /// The encoded subject name.
  package var subjectDER: [UInt8] {
    if let predecessor { return predecessor.subject }
    var names: [UInt8] = []
    let parts = [
      (ObjectIdentifier.organization, organization), (ObjectIdentifier.commonName, commonName),
    ]
    for case (let identifier, let value?) in parts {
      let attribute = DERWriter.sequence(
        identifier, DERWriter.element(DERTag.utf8String, Array(value.utf8)))
      names += DERWriter.element(DERTag.set, attribute)
    }
    return DERWriter.element(DERTag.sequence, names)
  }

  private func encodedExtensions(issuerKeyIdentifier: [UInt8]) -> [UInt8] {
    func field(_ identifier: [UInt8], critical: Bool, _ value: [UInt8]) -> [UInt8] {
      critical
        ? DERWriter.sequence(identifier, DERWriter.boolean(true), DERWriter.octetString(value))
        : DERWriter.sequence(identifier, DERWriter.octetString(value))
    }
    var result = field(
      ObjectIdentifier.keyUsage, critical: true,
      // None of the usages used here lies beyond the first byte.
      DERWriter.bitString(
        [UInt8(keyUsage.rawValue >> 8)],
        unusedBits: UInt8(min(7, (keyUsage.rawValue >> 8).trailingZeroBitCount))))
    if !extendedKeyUsages.isEmpty {
      result += field(
        ObjectIdentifier.extendedKeyUsage, critical: false,
        DERWriter.element(DERTag.sequence, extendedKeyUsages.flatMap { $0.identifier }))
    }
    result += field(
      ObjectIdentifier.basicConstraints, critical: true,
      isCA ? DERWriter.sequence(DERWriter.boolean(true)) : DERWriter.sequence())
    if isCA {
      result += field(
        ObjectIdentifier.subjectKeyIdentifier, critical: false,
        DERWriter.octetString(keyIdentifier))
    }
    result += field(
      ObjectIdentifier.authorityKeyIdentifier, critical: false,
      DERWriter.sequence(DERWriter.element(DERTag.context(0), issuerKeyIdentifier)))
    if !subjectAlternativeNames.isEmpty {
      result += field(
        ObjectIdentifier.subjectAlternativeName, critical: subjectAlternativeNameIsCritical,
        SubjectAlternativeName.encode(subjectAlternativeNames))
    }
    return result
  }
}
