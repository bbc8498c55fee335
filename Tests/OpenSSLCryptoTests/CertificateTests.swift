import Foundation
import OpenSSLCrypto
import SwiftASN1
import Testing
import X509

/// Tells swift-certificates that the critical names of a leaf are looked at.
struct SubjectAlternativeNamePolicy: VerifierPolicy {
  let verifyingCriticalExtensions: [ASN1ObjectIdentifier] = [
    .X509ExtensionID.subjectAlternativeName
  ]

  mutating func chainMeetsPolicyRequirements(
    chain: UnverifiedCertificateChain
  ) async -> PolicyEvaluationResult { .meetsPolicy }
}

@Suite struct CertificateTests {
  static let now = Int64(Date().timeIntervalSince1970)
  static let identity = "spiffe://cluster.local/ns/default/sa/a"

  static func root(
    _ type: KeyType, notAfter: Int64 = now + 1000
  ) throws -> (OpenSSLCrypto.Certificate, OpenSSLCrypto.PrivateKey) {
    let key = try PrivateKey(generating: type)
    var template = CertificateTemplate(
      serialNumber: [1], notBefore: now - 10, notAfter: notAfter, publicKey: try key.publicKey(),
      keyUsage: [.keyCertSign, .crlSign])
    template.organization = "cluster.local"
    template.isCA = true
    return (try template.sign(with: key, issuer: nil), key)
  }

  static func leafTemplate(_ type: KeyType) throws -> CertificateTemplate {
    var template = CertificateTemplate(
      serialNumber: [0x8F, 0, 7], notBefore: now - 10, notAfter: now + 500,
      publicKey: try PrivateKey(generating: type).publicKey(),
      keyUsage: [.digitalSignature, .keyEncipherment])
    template.subjectAlternativeNames = [
      .uri(identity), .dns("istiod.istio-system.svc"), .ipAddress([127, 0, 0, 1]),
    ]
    template.extendedKeyUsages = [.serverAuthentication, .clientAuthentication]
    return template
  }

  @Test(arguments: KeyType.allCases, KeyType.allCases)
  func `swift-certificates reads and verifies what was signed`(
    root: KeyType, leaf: KeyType
  )
    async throws
  {
    let (rootCertificate, rootKey) = try Self.root(root)
    let template = try Self.leafTemplate(leaf)
    let certificate = try template.sign(with: rootKey, issuer: rootCertificate)

    let other = try X509.Certificate(derEncoded: certificate.der)
    #expect(other.subject.isEmpty)
    #expect(other.issuer.description == "O=cluster.local")
    #expect(
      Array(other.serialNumber.bytes) == [0, 0x8F, 0, 7]
        || Array(other.serialNumber.bytes) == [0x8F, 0, 7])
    #expect(Int64(other.notValidBefore.timeIntervalSince1970) == Self.now - 10)
    #expect(Int64(other.notValidAfter.timeIntervalSince1970) == Self.now + 500)
    let names = try #require(try other.extensions.subjectAlternativeNames)
    #expect(
      Array(names) == [
        .uniformResourceIdentifier(Self.identity), .dnsName("istiod.istio-system.svc"),
        .ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1])),
      ])
    #expect(other.extensions[oid: .X509ExtensionID.subjectAlternativeName]?.critical == true)
    let usage = try #require(try other.extensions.keyUsage)
    #expect(usage.digitalSignature && usage.keyEncipherment && !usage.keyCertSign)
    let extended = try #require(try other.extensions.extendedKeyUsage)
    #expect(extended.contains(.serverAuth) && extended.contains(.clientAuth))
    #expect(try other.extensions.basicConstraints == .notCertificateAuthority)

    var verifier = Verifier(
      rootCertificates: CertificateStore([try X509.Certificate(derEncoded: rootCertificate.der)])
    ) {
      RFC5280Policy()
      SubjectAlternativeNamePolicy()
    }
    let result = await verifier.validate(leaf: other, intermediates: CertificateStore([]))
    guard case .validCertificate = result else {
      Issue.record("swift-certificates refuses the chain: \(result)")
      return
    }
  }

  @Test(arguments: KeyType.allCases)
  func `A certificate is read as it was written`(type: KeyType) throws {
    let (root, key) = try Self.root(.ecdsaP256)
    let template = try Self.leafTemplate(type)
    let certificate = try template.sign(with: key, issuer: root)
    #expect(try Certificate.parse(pem: "x\n" + certificate.pem + root.pem) == [certificate, root])
    #expect(certificate.serialNumber == [0x8F, 0, 7])
    #expect(certificate.notBefore == template.notBefore)
    #expect(certificate.notAfter == template.notAfter)
    #expect(certificate.subjectAlternativeNames == template.subjectAlternativeNames)
    #expect(certificate.subjectAlternativeNameIsCritical)
    #expect(certificate.uris == [Self.identity])
    #expect(certificate.dnsNames == ["istiod.istio-system.svc"])
    #expect(!certificate.isCA && root.isCA)
    #expect(certificate.keyUsage == [.digitalSignature, .keyEncipherment])
    #expect(certificate.extendedKeyUsages == [.serverAuthentication, .clientAuthentication])
    try certificate.verifySignature(by: root.publicKey)
    #expect(throws: CryptoError.self) {
      try certificate.verifySignature(by: certificate.publicKey)
    }
  }

  @Test(arguments: KeyType.allCases)
  func `An issue counts with the issuer's name, its key identifier and its key`(
    type: KeyType
  ) throws {
    let (root, key) = try Self.root(type)
    let (other, otherKey) = try Self.root(type)
    let leaf = try Self.leafTemplate(.ecdsaP256).sign(with: key, issuer: root)
    try leaf.verifyIssue(by: root, key: VerificationKey(root.publicKey))
    // The name is the same, the key identifier is not.
    #expect(throws: CryptoError.self) {
      try leaf.verifyIssue(by: other, key: VerificationKey(root.publicKey))
    }
    #expect(throws: CryptoError.self) {
      try leaf.verifyIssue(by: root, key: VerificationKey(other.publicKey))
    }
    let forged = try Self.leafTemplate(.ecdsaP256).sign(with: otherKey, issuer: root)
    #expect(throws: CryptoError.self) {
      try forged.verifyIssue(by: root, key: VerificationKey(root.publicKey))
    }
    #expect(!root.mayLimitWhatItSigns)
  }

  @Test(arguments: [
    (0, true), (-11, false), (501, false),
  ])
  func `A chain is valid in its time only`(offset: Int64, valid: Bool) throws {
    let (root, key) = try Self.root(.ecdsaP256)
    let leaf = try Self.leafTemplate(.ecdsaP256).sign(with: key, issuer: root)
    let verifier = try CertificateVerifier(roots: [root])
    var accepted = true
    do {
      try verifier.verify(chainDER: [leaf.der], at: Self.now + offset, for: .client)
    } catch {
      accepted = false
    }
    #expect(accepted == valid)
  }

  @Test func `A chain of another root, a broken one and an empty one are refused`() throws {
    let (root, _) = try Self.root(.ecdsaP256)
    let (otherRoot, otherKey) = try Self.root(.ecdsaP256)
    let leaf = try Self.leafTemplate(.ecdsaP256).sign(with: otherKey, issuer: otherRoot)
    let verifier = try CertificateVerifier(roots: [root])
    for chain in [
      [leaf.der], [leaf.der, otherRoot.der], [], [[0x30, 0x03]], [Array(leaf.der.dropLast())],
    ] {
      #expect(throws: CryptoError.self) {
        try verifier.verify(chainDER: chain, at: Self.now, for: .client)
      }
    }
  }

  @Test func `An intermediate leads to the root`() throws {
    let (root, rootKey) = try Self.root(.rsa2048)
    let key = try PrivateKey(generating: .ecdsaP256)
    var template = CertificateTemplate(
      serialNumber: [2], notBefore: Self.now - 10, notAfter: Self.now + 900,
      publicKey: try key.publicKey(), keyUsage: [.keyCertSign])
    template.commonName = "Intermediate"
    template.isCA = true
    let intermediate = try template.sign(with: rootKey, issuer: root)
    let leaf = try Self.leafTemplate(.ecdsaP256).sign(with: key, issuer: intermediate)
    let verifier = try CertificateVerifier(roots: [root])
    try verifier.verify(chainDER: [leaf.der, intermediate.der], at: Self.now, for: .client)
    #expect(throws: CryptoError.self) {
      try verifier.verify(chainDER: [leaf.der], at: Self.now, for: .client)
    }
    // A leaf signs nothing.
    let forged = try Self.leafTemplate(.ecdsaP256).sign(with: key, issuer: leaf)
    #expect(throws: CryptoError.self) {
      try verifier.verify(
        chainDER: [forged.der, leaf.der, intermediate.der], at: Self.now, for: .client)
    }
  }

  @Test func `A certificate whose two signature algorithms differ is refused`() throws {
    let (root, key) = try Self.root(.ecdsaP256)
    let leaf = try Self.leafTemplate(.ecdsaP256).sign(with: key, issuer: root)
    // ecdsa-with-SHA256 and, one further, ecdsa-with-SHA384 (RFC 5758, section 3.2).
    let identifier: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02]
    let places = leaf.der.ranges(of: identifier)
    #expect(places.count == 2)
    for place in places {
      var der = leaf.der
      der[place.upperBound - 1] = 0x03
      #expect(throws: CryptoError.self) { try Certificate(der: der) }
    }
  }

  @Test func `Bytes cut off or flipped anywhere never trap`() throws {
    let (root, _) = try Self.root(.ecdsaP256)
    for length in root.der.indices {
      #expect(throws: CryptoError.self) { try Certificate(der: Array(root.der.prefix(length))) }
    }
    var generator = SystemRandomNumberGenerator()
    for index in root.der.indices {
      var bytes = root.der
      bytes[index] ^= UInt8.random(in: 1...255, using: &generator)
      _ = try? Certificate(der: bytes)
      _ = try? CertificateVerifier(roots: [root]).verify(
        chainDER: [bytes], at: Self.now, for: .client)
    }
  }

  @Test(
    arguments: [
      0, 951_782_399, 951_782_400, 1_709_164_800, 2_524_607_999, 2_524_608_000, 4_102_444_800,
    ] as [Int64])
  func `Times survive their encoding`(time: Int64) throws {
    let (root, key) = try Self.root(.ecdsaP256)
    var template = try Self.leafTemplate(.ecdsaP256)
    template.notBefore = time
    template.notAfter = time + 1
    let certificate = try template.sign(with: key, issuer: root)
    #expect(certificate.notBefore == time)
    #expect(certificate.notAfter == time + 1)
    let other = try X509.Certificate(derEncoded: certificate.der)
    #expect(Int64(other.notValidBefore.timeIntervalSince1970) == time)
  }
}
