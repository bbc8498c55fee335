import CertificateAuthority
import OpenSSLCrypto
import SwiftASN1
import Synchronization
import Testing
import X509

/// What is above a certificate decides whether it may be given out.
@Suite struct IssuanceCheckTests {
  static let now = AuthorityTests.now
  static let identity = AuthorityTests.identity

  @Test(arguments: KeyType.allCases, KeyType.allCases)
  func `Many certificates of an intermediate verify`(root: KeyType, signer: KeyType) throws {
    let (material, rootCertificate) = try Self.intermediate(
      root: root, signer: signer, rootLifetime: 1000)
    let authority = try CertificateAuthority(
      slots: SigningSlots(current: material), clock: { Self.now })
    let verifier = try CertificateVerifier(roots: [rootCertificate])
    for _ in 0..<3 {
      let issued = try issue(authority)
      #expect(issued.responsePEMs.count == 3)
      let chain = try issued.responsePEMs.dropLast().map { pem in
        try #require(try Certificate.parse(pem: pem).first).der
      }
      try verifier.verify(chainDER: chain, at: Self.now, for: .client)
    }
  }

  @Test func `Nothing is given out after the end of a root above the signer`() throws {
    let (material, _) = try Self.intermediate(
      root: .ecdsaP256, signer: .ecdsaP256, rootLifetime: 10)
    let time = Mutex(Self.now)
    let authority = try CertificateAuthority(
      slots: SigningSlots(current: material), clock: { time.withLock { $0 } })
    _ = try issue(authority)
    time.withLock { $0 += 9 }
    _ = try issue(authority)
    // The signer itself is valid for longer, and the last verdict is seconds old.
    time.withLock { $0 += 2 }
    #expect(
      throws: IssuanceError.invalidResult("cannot verify a certificate: certificate has expired")
    ) { try issue(authority) }
  }

  @Test func `The rules that a CA above sets for names hold for every certificate`() throws {
    let rootKey = try PrivateKey(generating: .ecdsaP256)
    let root = try Self.root(rootKey, lifetime: 1000)
    let key = try PrivateKey(generating: .ecdsaP256)
    let issuerKey = try X509.Certificate.PrivateKey(pemEncoded: rootKey.pem())
    let constrained = try X509.Certificate(
      version: .v3, serialNumber: .init(bytes: [7]),
      publicKey: .init(
        pemEncoded: PEMBlock(
          label: "PUBLIC KEY", bytes: key.publicKey().subjectPublicKeyInfoDER
        ).text),
      notValidBefore: .init(timeIntervalSince1970: Double(Self.now - 10)),
      notValidAfter: .init(timeIntervalSince1970: Double(Self.now + 900)),
      issuer: try X509.Certificate(derEncoded: root.der).subject,
      subject: DistinguishedName { CommonName("constrained") },
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: X509.Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
        Critical(KeyUsage(keyCertSign: true))
        Critical(NameConstraints(excludedSubtrees: [.uniformResourceIdentifier("cluster.local")]))
      }, issuerPrivateKey: issuerKey)
    var serializer = DER.Serializer()
    try serializer.serialize(constrained)
    let certificate = try OpenSSLCrypto.Certificate(der: serializer.serializedBytes)
    #expect(certificate.mayLimitWhatItSigns)
    let authority = try CertificateAuthority(
      slots: SigningSlots(
        current: try SigningMaterial(
          certificate: certificate, key: key, chain: [certificate], roots: [root], now: Self.now)),
      clock: { Self.now })
    func issue(trustDomain: String) throws -> IssuedCertificate {
      try authority.issue(
        requestPEM: AuthorityTests.request(), identity: "spiffe://\(trustDomain)/ns/default/sa/a",
        lifetime: 60)
    }
    _ = try issue(trustDomain: "other.local")
    // The verdict on the first certificate says nothing about this one.
    #expect(
      throws: IssuanceError.invalidResult("cannot verify a certificate: excluded subtree violation")
    ) { try issue(trustDomain: "cluster.local") }
    _ = try issue(trustDomain: "other.local")
  }

  private func issue(_ authority: CertificateAuthority) throws -> IssuedCertificate {
    try authority.issue(
      requestPEM: AuthorityTests.request(), identity: Self.identity, lifetime: 60)
  }

  private static func root(
    _ key: PrivateKey, lifetime: Int64
  ) throws -> OpenSSLCrypto.Certificate {
    var template = CertificateTemplate(
      serialNumber: [1], notBefore: now - 10, notAfter: now + lifetime,
      publicKey: try key.publicKey(), keyUsage: [.keyCertSign])
    template.organization = "root"
    template.isCA = true
    return try template.sign(with: key, issuer: nil)
  }

  /// An intermediate that outlives its root, where that has a short life.
  private static func intermediate(
    root: KeyType, signer: KeyType, rootLifetime: Int64
  ) throws -> (SigningMaterial, OpenSSLCrypto.Certificate) {
    let rootKey = try PrivateKey(generating: root)
    let rootCertificate = try Self.root(rootKey, lifetime: rootLifetime)
    let key = try PrivateKey(generating: signer)
    var template = CertificateTemplate(
      serialNumber: [2], notBefore: now - 10, notAfter: now + 900,
      publicKey: try key.publicKey(), keyUsage: [.keyCertSign])
    template.commonName = "intermediate"
    template.isCA = true
    let certificate = try template.sign(with: rootKey, issuer: rootCertificate)
    return (
      try SigningMaterial(
        certificate: certificate, key: key, chain: [certificate], roots: [rootCertificate],
        now: now), rootCertificate
    )
  }
}
