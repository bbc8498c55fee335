/// A PKCS#10 certificate signing request (RFC 2986).
package struct CertificateSigningRequest: Sendable {
  /// The DER encoding.
  package let der: [UInt8]
  /// The key to certify; the request is signed with it.
  package let publicKey: PublicKey

  /// The request as PEM.
  package var pem: String { PEMBlock(label: "CERTIFICATE REQUEST", bytes: der).text }

  /// Makes a request for a key, naming what the certificate is wanted for.
  package init(
    key: PrivateKey, subjectAlternativeNames: [SubjectAlternativeName]
  ) throws(CryptoError) {
    let publicKey = try key.publicKey()
    let names = DERWriter.sequence(
      ObjectIdentifier.subjectAlternativeName,
      DERWriter.octetString(SubjectAlternativeName.encode(subjectAlternativeNames)))
    let attribute = DERWriter.sequence(
      ObjectIdentifier.extensionRequest,
      DERWriter.element(DERTag.set, DERWriter.sequence(names)))
    let info = DERWriter.sequence(
      DERWriter.integer(0), DERWriter.sequence(), publicKey.subjectPublicKeyInfoDER,
      DERWriter.element(DERTag.constructed(0), attribute))
    let signature = try key.sign(info)
    self.der = DERWriter.sequence(
      info, SignatureAlgorithm.forSigning(with: publicKey).encoding,
      DERWriter.bitString(signature))
    self.publicKey = publicKey
  }

  /// Reads a PEM request and checks that its sender holds the key.
  ///
  /// Everything but the key is ignored: names in a request are wishes.
  ///
  /// - Throws: `CryptoError` for anything that is not a request with a supported key and its
  ///   signature.
  package init(verifying pem: String) throws(CryptoError) {
    let operation = "read a certificate signing request"
    guard pem.utf8.count <= 65_536 else { throw CryptoError(operation, "too long") }
    let labels = ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"]
    guard let block = try PEMBlock.parse(pem).first(where: { labels.contains($0.label) }) else {
      throw CryptoError(operation, "no CERTIFICATE REQUEST block")
    }
    var outer = DERReader(block.bytes[...], operation: operation)
    var request = try outer.read(DERTag.sequence).reader
    try outer.expectEnd()
    let info = try request.read(DERTag.sequence)
    let algorithm = try SignatureAlgorithm(try request.read(DERTag.sequence))
    let signature = try request.read(DERTag.bitString).bitStringBytes()
    var fields = info.reader
    _ = try fields.read(DERTag.integer)
    _ = try fields.read(DERTag.sequence)
    let key = try PublicKey(
      subjectPublicKeyInfoDER: Array(try fields.read(DERTag.sequence).encoding))
    try key.verify(signature, of: info.encoding, algorithm: algorithm)
    self.der = block.bytes
    self.publicKey = key
  }
}
