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
      authority: authority, first: try Self.material().certificate,
      names: ServerCertificateNames.loopback, lifetime: 3000, clock: clock,
      logger: Logger(label: "test")
    ) { certificate, _ in updates.withLock { $0.append(certificate) } }
    #expect(try renewal.renew() == Self.now + 2000)
    #expect(updates.withLock { $0.first?.certificate.dnsNames } == ["localhost"])
  }

  /// Runs a renewal; the closure gets the certificates that it puts in place.
  private static func whileRenewing(
    _ authority: CertificateAuthority, lifetime: Int64,
    clock: @escaping CertificateAuthority.Clock = CertificateAuthority.systemClock,
    _ body: (_ next: () async -> IssuedCertificate?) async throws -> Void
  ) async throws {
    let first = try authority.issueServerCertificate(
      names: ServerCertificateNames.loopback, lifetime: lifetime)
    let (updates, updated) = AsyncStream.makeStream(of: IssuedCertificate.self)
    let renewal = ServerCertificateRenewal(
      authority: authority, first: first.certificate.certificate,
      names: ServerCertificateNames.loopback, lifetime: lifetime, pause: .milliseconds(50),
      clock: clock, logger: Logger(label: "test")
    ) { certificate, _ in updated.yield(certificate) }
    let task = Task { try await renewal.run() }
    try await body {
      for await update in updates { return update }
      return nil
    }
    task.cancel()
    try await task.value
  }

  private static func present(_ lifetime: Int64) throws -> SigningMaterial {
    try SigningMaterial.selfSigned(
      trustDomain: "cluster.local", keyType: .ecdsaP256, lifetime: lifetime,
      now: CertificateAuthority.systemClock(), serialNumber: [1])
  }

  @Test(.timeLimit(.minutes(1)))
  func `A server certificate is renewed while the service runs`() async throws {
    let authority = try CertificateAuthority(
      slots: SigningSlots(current: try Self.present(1000)))
    try await Self.whileRenewing(authority, lifetime: 2) { next in
      let ends = await [next(), next()].compactMap { $0?.certificate.notAfter }
      #expect(ends.count == 2)
      #expect(ends.sorted() == ends && Set(ends).count == ends.count)
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `A server certificate that its signer cut short is renewed in time`() async throws {
    // A year is asked for, the signer has ninety days.
    let time = Mutex(Self.now)
    let clock: CertificateAuthority.Clock = { time.withLock { $0 } }
    let authority = try CertificateAuthority(
      slots: SigningSlots(
        current: try SigningMaterial.selfSigned(
          trustDomain: "cluster.local", keyType: .ecdsaP256, lifetime: 90 * 86_400,
          now: Self.now, serialNumber: [1])), clock: clock)
    try await Self.whileRenewing(authority, lifetime: 365 * 86_400, clock: clock) { next in
      time.withLock { $0 += 61 * 86_400 }
      #expect(await next() != nil)
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `Another signer under the same root renews the server certificate at once`() async throws {
    let root = try Self.present(10_000)
    let now = CertificateAuthority.systemClock()
    let rootKey = try PrivateKey(pem: root.privateKeyPEM())
    func intermediate(_ serialNumber: UInt8) throws -> SigningMaterial {
      let key = try PrivateKey(generating: .ecdsaP256)
      var template = CertificateTemplate(
        serialNumber: [serialNumber], notBefore: now - 10, notAfter: now + 9_000,
        publicKey: try key.publicKey(), keyUsage: [.keyCertSign])
      template.commonName = "Intermediate"
      template.isCA = true
      let certificate = try template.sign(with: rootKey, issuer: root.certificate)
      return try SigningMaterial(
        certificate: certificate, key: key, chain: [certificate], roots: root.roots, now: now)
    }
    let authority = try CertificateAuthority(slots: SigningSlots(current: try intermediate(2)))
    try await Self.whileRenewing(authority, lifetime: 8_000) { next in
      let other = try intermediate(3)
      try authority.replace(SigningSlots(current: other))
      let update = await next()
      let renewed = try #require(update)
      try renewed.certificate.verifySignature(by: other.certificate.publicKey)
    }
  }

  @Test func `A renewed root verifies what the one before has signed`() throws {
    let old = try Self.material()
    let issued = try Self.authority(old).issue(
      requestPEM: Self.request(), identity: Self.identity, lifetime: 86_400)
    #expect(!SigningMaterial.isDueForRenewal(old.certificate, at: Self.now))
    let late = old.certificate.notAfter - AuthorityFiles.rootLifetime / 6
    #expect(SigningMaterial.isDueForRenewal(old.certificate, at: late))
    let new = try old.renewed(
      lifetime: AuthorityFiles.rootLifetime, now: Self.now + 100, serialNumber: [9])
    #expect(new.certificate != old.certificate)
    #expect(new.certificate.subjectDER == old.certificate.subjectDER)
    #expect(new.certificate.notAfter == Self.now + 100 + AuthorityFiles.rootLifetime)
    let authority = try CertificateAuthority(slots: SigningSlots(current: new))
    try authority.verifier.verify(
      chainDER: [issued.certificate.der], at: Self.now + 200, for: .client)
    let younger = try Self.authority(new, now: Self.now + 200).issue(
      requestPEM: Self.request(), identity: Self.identity, lifetime: 3600)
    try Self.authority(old).verifier.verify(
      chainDER: [younger.certificate.der], at: Self.now + 200, for: .client)
  }

  @Test func `Of a root that istiod made, what stands beside it does not count`() throws {
    let (own, other) = (try Self.material(), try Self.material(.rsa2048))
    for beside in ["", other.certificate.pem] {
      let entries = [
        "ca-cert.pem": own.certificate.pem, "ca-key.pem": try own.privateKeyPEM(),
        "root-cert.pem": beside, "cert-chain.pem": "", "key.pem": "",
      ].mapValues { Array($0.utf8) }
      let material = try AuthorityFormat.selfSigned(entries, now: Self.now)
      #expect(material.roots == [own.certificate])
      #expect(throws: CryptoError.self) { try AuthorityFormat.material(entries, now: Self.now) }
    }
  }
}
