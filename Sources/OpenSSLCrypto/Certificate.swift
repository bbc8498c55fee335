/// An X.509 certificate (RFC 5280), taken apart; its signature is not checked by reading it.
package struct Certificate: Hashable, Sendable {
  /// The DER encoding.
  package let der: [UInt8]
  /// The serial number, big endian, without leading zeros.
  package let serialNumber: [UInt8]
  /// Start of validity, seconds since 1970.
  package let notBefore: Int64
  /// End of validity, seconds since 1970.
  package let notAfter: Int64
  /// The certified key.
  package let publicKey: PublicKey
  /// The encoded issuer name.
  package let issuerDER: [UInt8]
  /// The encoded subject name.
  package let subjectDER: [UInt8]
  /// The names in the subjectAltName extension.
  package let subjectAlternativeNames: [SubjectAlternativeName]
  /// Whether that extension is critical.
  package let subjectAlternativeNameIsCritical: Bool
  /// Whether it may sign certificates (basicConstraints).
  package let isCA: Bool
  /// The bits of keyUsage; nil without that extension.
  package let keyUsage: KeyUsage?
  /// The extended key usages; nil without that extension.
  package let extendedKeyUsages: Set<ExtendedKeyUsage>?
  /// Whether what it signs may be subject to rules that this code does not know: names it may not
  /// contain, policies, purposes, or any extension that is not read here.
  package let mayLimitWhatItSigns: Bool
  /// The subjectKeyIdentifier.
  let subjectKeyIdentifier: [UInt8]?
  /// The keyIdentifier of the authorityKeyIdentifier.
  let authorityKeyIdentifier: [UInt8]?

  let tbsCertificate: [UInt8]
  let signature: [UInt8]
  let signatureAlgorithm: SignatureAlgorithm

  /// The certificate as PEM, with a newline at its end.
  package var pem: String { PEMBlock(label: "CERTIFICATE", bytes: der).text }

  /// The URIs in subjectAltName.
  package var uris: [String] {
    subjectAlternativeNames.compactMap { if case .uri(let uri) = $0 { uri } else { nil } }
  }

  /// The DNS names in subjectAltName.
  package var dnsNames: [String] {
    subjectAlternativeNames.compactMap { if case .dns(let name) = $0 { name } else { nil } }
  }

  /// Reads a certificate.
  package init(der: [UInt8]) throws(CryptoError) {
    let operation = "read a certificate"
    var outer = DERReader(der[...], operation: operation)
    var parts = try outer.read(DERTag.sequence).reader
    try outer.expectEnd()
    let tbs = try parts.read(DERTag.sequence)
    let algorithm = try parts.read(DERTag.sequence)
    signatureAlgorithm = try SignatureAlgorithm(algorithm)
    signature = Array(try parts.read(DERTag.bitString).bitStringBytes())
    var fields = tbs.reader
    _ = try fields.readIfPresent(DERTag.constructed(0))
    serialNumber = Array(try fields.read(DERTag.integer).content.drop { $0 == 0 })
    // What is signed must say how (RFC 5280, section 4.1.1.2).
    guard try fields.read(DERTag.sequence).encoding == algorithm.encoding else {
      throw CryptoError(operation, "its two signature algorithms differ")
    }
    issuerDER = Array(try fields.read(DERTag.sequence).encoding)
    var validity = try fields.read(DERTag.sequence).reader
    notBefore = try Self.time(try validity.read())
    notAfter = try Self.time(try validity.read())
    subjectDER = Array(try fields.read(DERTag.sequence).encoding)
    publicKey = try PublicKey(
      subjectPublicKeyInfoDER: Array(try fields.read(DERTag.sequence).encoding))
    _ = try fields.readIfPresent(DERTag.context(1))
    _ = try fields.readIfPresent(DERTag.context(2))
    let extensions = try CertificateExtensions(
      try fields.readIfPresent(DERTag.constructed(3)))
    subjectAlternativeNames = extensions.subjectAlternativeNames
    subjectAlternativeNameIsCritical = extensions.subjectAlternativeNameIsCritical
    isCA = extensions.isCA
    keyUsage = extensions.keyUsage
    extendedKeyUsages = extensions.extendedKeyUsages
    mayLimitWhatItSigns = extensions.hasOthers || extensions.extendedKeyUsages != nil
    subjectKeyIdentifier = extensions.subjectKeyIdentifier
    authorityKeyIdentifier = extensions.authorityKeyIdentifier
    tbsCertificate = Array(tbs.encoding)
    self.der = der
  }

  /// Reads all certificates of a PEM text, in order.
  ///
  /// - Throws: `CryptoError` when one of them cannot be read; an empty text gives an empty list.
  package static func parse(pem: String) throws(CryptoError) -> [Certificate] {
    var result: [Certificate] = []
    for block in try PEMBlock.parse(pem) where block.label == "CERTIFICATE" {
      result.append(try Certificate(der: block.bytes))
    }
    return result
  }

  /// Checks that `issuer`'s key signed this certificate.
  package func verifySignature(by issuer: PublicKey) throws(CryptoError) {
    try issuer.verify(signature[...], of: tbsCertificate[...], algorithm: signatureAlgorithm)
  }

  /// Checks that the certificate names `issuer` as its issuer, and that its key, which is `key`,
  /// signed it.
  package func verifyIssue(
    by issuer: Certificate, key: VerificationKey
  ) throws(CryptoError) {
    guard issuerDER == issuer.subjectDER, authorityKeyIdentifier == issuer.keyIdentifier else {
      throw CryptoError("verify a certificate", "it names another issuer")
    }
    try key.verify(signature[...], of: tbsCertificate[...], algorithm: signatureAlgorithm)
  }

  /// The identifier of its key: the one it states, or else the first 160 bits of SHA-256 over the
  /// key (RFC 7093, section 2).
  var keyIdentifier: [UInt8] { subjectKeyIdentifier ?? publicKey.identifier }

  private static func time(_ element: DERReader.Element) throws(CryptoError) -> Int64 {
    guard let time = CivilTime(derTag: element.tag, content: element.content) else {
      throw CryptoError("read a certificate", "invalid time")
    }
    return time.unixSeconds
  }
}

/// What a key may be used for (RFC 5280, section 4.2.1.3).
package struct KeyUsage: OptionSet, Hashable, Sendable {
  /// Bit n of keyUsage is bit 15 − n.
  package let rawValue: UInt16

  /// A set from its raw bits.
  package init(rawValue: UInt16) { self.rawValue = rawValue }

  /// Signatures other than on certificates.
  package static let digitalSignature = KeyUsage(rawValue: 0x8000)
  /// Transport of session keys.
  package static let keyEncipherment = KeyUsage(rawValue: 0x2000)
  /// Signatures on certificates.
  package static let keyCertSign = KeyUsage(rawValue: 0x0400)
  /// Signatures on revocation lists.
  package static let crlSign = KeyUsage(rawValue: 0x0200)
}

/// The extended key usages of TLS (RFC 5280, section 4.2.1.12).
package enum ExtendedKeyUsage: Hashable, Sendable, CaseIterable {
  /// As the server of a TLS connection.
  case serverAuthentication
  /// As its client.
  case clientAuthentication

  var identifier: [UInt8] {
    switch self {
    case .serverAuthentication: ObjectIdentifier.serverAuthentication
    case .clientAuthentication: ObjectIdentifier.clientAuthentication
    }
  }
}
