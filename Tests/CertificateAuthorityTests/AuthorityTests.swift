import CertificateAuthority
import Foundation
import Logging
import OpenSSLCrypto
import SwiftASN1
import Synchronization
import Testing
import X509

@Suite struct AuthorityTests {
  static let now: Int64 = 1_790_000_000
  static let identity = "spiffe://cluster.local/ns/default/sa/a"

  static func material(_ type: KeyType = .ecdsaP256) throws -> SigningMaterial {
    try SigningMaterial.selfSigned(
      trustDomain: "cluster.local", keyType: type, lifetime: AuthorityFiles.rootLifetime,
      now: now, serialNumber: [1])
  }

  static func authority(
    _ material: SigningMaterial, now: Int64 = now, ledger: IssuanceLedger? = nil
  ) throws -> CertificateAuthority {
    try CertificateAuthority(
      slots: SigningSlots(current: material), ledger: ledger, clock: { now },
      serialNumbers: { () throws(CryptoError) in [0x40, 2, 3] })
  }

  static func request(
    _ type: KeyType = .ecdsaP256, names: [SubjectAlternativeName] = []
  ) throws -> String {
    try OpenSSLCrypto.CertificateSigningRequest(
      key: PrivateKey(generating: type), subjectAlternativeNames: names
    ).pem
  }

  @Test(arguments: KeyType.allCases, KeyType.allCases)
  func `A workload certificate has exactly the contract's fields`(
    root: KeyType, leaf: KeyType
  )
    throws
  {
    let authority = try Self.authority(Self.material(root))
    let issued = try authority.issue(
      requestPEM: Self.request(leaf, names: [.uri("spiffe://evil/ns/x/sa/y"), .dns("evil")]),
      identity: Self.identity, lifetime: 3600)
    let certificate = try X509.Certificate(derEncoded: issued.certificate.der)
    #expect(certificate.subject.isEmpty)
    #expect(
      try certificate.extensions.subjectAlternativeNames.map(Array.init) == [
        .uniformResourceIdentifier(Self.identity)
      ])
    #expect(certificate.extensions[oid: .X509ExtensionID.subjectAlternativeName]?.critical == true)
    #expect(try certificate.extensions.basicConstraints == .notCertificateAuthority)
    #expect(Int64(certificate.notValidBefore.timeIntervalSince1970) == Self.now - 120)
    #expect(Int64(certificate.notValidAfter.timeIntervalSince1970) == Self.now + 3600)
    #expect(Array(certificate.serialNumber.bytes) == [0x40, 2, 3])
    #expect(issued.responsePEMs == [issued.certificate.pem, authority.rootsPEM])
  }

  @Test(
    arguments: [
      (0, 86_400), (-5, 86_400), (60, 60), (7_776_000, 7_776_000),
    ] as [(Int64, Int64)])
  func `A lifetime that is not positive means a day`(asked: Int64, given: Int64) throws {
    let issued = try Self.authority(Self.material()).issue(
      requestPEM: Self.request(), identity: Self.identity, lifetime: asked)
    #expect(issued.certificate.notAfter == Self.now + given)
  }

  @Test(arguments: [7_776_001, Int64.max])
  func `More than ninety days is an error`(lifetime: Int64) throws {
    let authority = try Self.authority(Self.material())
    #expect(throws: IssuanceError.lifetimeTooLong(requested: lifetime, maximum: 7_776_000)) {
      try authority.issue(
        requestPEM: Self.request(), identity: Self.identity, lifetime: lifetime)
    }
  }

  @Test func `A certificate never outlives its signer, and a signer past its end signs nothing`()
    throws
  {
    let material = try Self.material()
    let end = material.certificate.notAfter
    let issued = try Self.authority(material, now: end - 100).issue(
      requestPEM: Self.request(), identity: Self.identity, lifetime: 3600)
    #expect(issued.certificate.notAfter == end)
    #expect(throws: IssuanceError.signerExpired) {
      try Self.authority(material, now: end).issue(
        requestPEM: Self.request(), identity: Self.identity, lifetime: 3600)
    }
  }

  @Test(arguments: ["", "https://x", "spiffe://a b", "spiffe://é"])
  func `An identity that cannot stand in a certificate is refused`(identity: String) throws {
    let authority = try Self.authority(Self.material())
    #expect(throws: IssuanceError.invalidIdentity(identity)) {
      try authority.issue(requestPEM: Self.request(), identity: identity, lifetime: 0)
    }
  }

  @Test(arguments: [
    "", "hello", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----",
  ])
  func `What is not a request is refused`(request: String) throws {
    let authority = try Self.authority(Self.material())
    #expect(throws: IssuanceError.self) {
      try authority.issue(requestPEM: request, identity: Self.identity, lifetime: 0)
    }
  }

  @Test func `Both slots are trusted and the current one signs`() throws {
    let old = try Self.material()
    let new = try Self.material(.rsa2048)
    let authority = try CertificateAuthority(
      slots: SigningSlots(current: old, next: new), clock: { Self.now })
    #expect(authority.roots == [old.certificate, new.certificate])
    let before = try authority.issue(
      requestPEM: Self.request(), identity: Self.identity, lifetime: 0)
    #expect(before.responsePEMs.last == old.certificate.pem + new.certificate.pem)
    try authority.replace(SigningSlots(current: new, next: old))
    let after = try authority.issue(
      requestPEM: Self.request(), identity: Self.identity, lifetime: 0)
    try after.certificate.verifySignature(by: new.certificate.publicKey)
    try authority.verifier.verify(
      chainDER: [before.certificate.der], at: Self.now, for: .client)
  }

  @Test func `A server certificate carries the names of istiod`() throws {
    let names = ServerCertificateNames.cluster(
      namespace: "istio-system", revision: "canary", discoveryHost: "istiod.istio-system.svc",
      customHosts: ["mesh.example.com"])
    #expect(
      names == [
        .dns("istiod.istio-system.svc"), .dns("mesh.example.com"),
        .dns("istiod-remote.istio-system.svc"), .dns("istio-pilot.istio-system.svc"),
        .dns("istiod-canary.istio-system.svc"),
      ])
    let (issued, key) = try Self.authority(Self.material()).issueServerCertificate(
      names: names + ServerCertificateNames.loopback, lifetime: 3600)
    #expect(issued.certificate.dnsNames.contains("localhost"))
    #expect(try PrivateKey(pem: key).publicKey() == issued.certificate.publicKey)
  }

  @Test func `A server certificate is due at two thirds of its life`() throws {
    let authority = try Self.authority(Self.material())
    let updates = Mutex<[IssuedCertificate]>([])
    let clock: CertificateAuthority.Clock = { Self.now }
    let renewal = ServerCertificateRenewal(
      authority: authority, names: ServerCertificateNames.loopback, lifetime: 3000, clock: clock,
      logger: Logger(label: "test")
    ) { certificate, _ in updates.withLock { $0.append(certificate) } }
    #expect(try renewal.renew() == Self.now + 2000)
    #expect(updates.withLock { $0.first?.certificate.dnsNames } == ["localhost"])
  }

  @Test func `A server certificate is renewed while the service runs`() async throws {
    let authority = try CertificateAuthority(
      slots: SigningSlots(
        current: try SigningMaterial.selfSigned(
          trustDomain: "cluster.local", keyType: .ecdsaP256, lifetime: 1000,
          now: CertificateAuthority.systemClock(), serialNumber: [1])))
    let (updates, updated) = AsyncStream.makeStream(of: Int64.self)
    let renewal = ServerCertificateRenewal(
      authority: authority, names: ServerCertificateNames.loopback, lifetime: 2,
      logger: Logger(label: "test")
    ) { certificate, _ in updated.yield(certificate.certificate.notAfter) }
    let task = Task { try await renewal.run() }
    var iterator = updates.makeAsyncIterator()
    let first = await iterator.next()
    let second = await iterator.next()
    #expect(try #require(first) < #require(second))
    task.cancel()
    try await task.value
  }
}
