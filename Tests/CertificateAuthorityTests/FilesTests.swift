import CertificateAuthority
import Foundation
import GRDB
import OpenSSLCrypto
import Testing

@Suite struct FilesTests {
  static let now: Int64 = 1_790_000_000

  @Test func `A CA is made once, kept private, and loaded again`() throws {
    try withDirectory { directory in
      let files = AuthorityFiles(directory: directory)
      #expect(try files.load(now: Self.now)?.certificate == nil)
      let made = try files.loadOrCreate(trustDomain: "cluster.local", clock: { Self.now })
      let again = try files.loadOrCreate(trustDomain: "cluster.local", clock: { Self.now })
      #expect(made.certificate == again.certificate)
      #expect(made.certificate.notAfter == Self.now + 3650 * 86_400)
      let mode =
        try FileManager.default.attributesOfItem(atPath: "\(directory)/ca-key.pem")[
          .posixPermissions] as? Int
      #expect(mode == 0o600)
    }
  }

  @Test func `An intermediate CA in the layout of cacerts gives leaf, intermediate, root`() throws {
    try withDirectory { directory in
      let rootKey = try PrivateKey(generating: .ecdsaP256)
      var template = CertificateTemplate(
        serialNumber: [1], notBefore: Self.now - 10, notAfter: Self.now + 900_000,
        publicKey: try rootKey.publicKey(), keyUsage: [.keyCertSign])
      template.commonName = "Root"
      template.isCA = true
      let rootCertificate = try template.sign(with: rootKey, issuer: nil)
      let key = try PrivateKey(generating: .ecdsaP256)
      template.commonName = "Intermediate"
      template.serialNumber = [2]
      template.publicKey = try key.publicKey()
      let intermediate = try template.sign(with: rootKey, issuer: rootCertificate)
      try write(
        [
          "ca-cert.pem": intermediate.pem, "ca-key.pem": try key.pem(),
          "root-cert.pem": rootCertificate.pem,
          "cert-chain.pem": intermediate.pem + rootCertificate.pem,
        ], to: directory)
      let material = try #require(try AuthorityFiles(directory: directory).load(now: Self.now))
      #expect(material.intermediates == [intermediate])
      let authority = try CertificateAuthority(
        slots: SigningSlots(current: material), clock: { Self.now })
      let issued = try authority.issue(
        requestPEM: AuthorityTests.request(), identity: AuthorityTests.identity, lifetime: 60)
      #expect(
        issued.responsePEMs == [issued.certificate.pem, intermediate.pem, rootCertificate.pem])
      #expect(issued.chainPEM == issued.certificate.pem + intermediate.pem)
    }
  }

  @Test(arguments: ["ca-key.pem", "root-cert.pem"])
  func `A missing or foreign part is an error that names the remedy`(name: String) throws {
    try withDirectory { directory in
      let files = AuthorityFiles(directory: directory)
      _ = try files.loadOrCreate(trustDomain: "cluster.local", clock: { Self.now })
      try FileManager.default.removeItem(atPath: "\(directory)/\(name)")
      #expect(throws: CryptoError.self) { try files.load(now: Self.now) }
      let other = try SigningMaterial.selfSigned(
        trustDomain: "other", keyType: .ecdsaP256, lifetime: 1000, now: Self.now,
        serialNumber: [9])
      let foreign =
        name == "ca-key.pem"
        ? try PrivateKey(generating: .ecdsaP256).pem() : other.certificate.pem
      try write([name: foreign], to: directory)
      #expect(throws: CryptoError.self) { try files.load(now: Self.now) }
    }
  }

  @Test func `The ledger commits in groups and never stops issuing`() async throws {
    let directory = try makeDirectory()
    let ledger = try IssuanceLedger(path: "\(directory)/ledger.db")
    let authority = try CertificateAuthority(
      slots: SigningSlots(current: try AuthorityTests.material()), ledger: ledger,
      clock: { Self.now })
    for _ in 0..<20 {
      _ = try authority.issue(
        requestPEM: AuthorityTests.request(), identity: AuthorityTests.identity, lifetime: 60)
    }
    #expect(await ledger.commit())
    let entries = try await ledger.latest(100)
    #expect(entries.count == 20)
    #expect(
      entries.allSatisfy { $0.names == [AuthorityTests.identity] && $0.notAfter == Self.now + 60 })
    try FileManager.default.removeItem(atPath: directory)
  }

  @Test func `A ledger of an earlier layout is taken over, newest first`() async throws {
    let directory = try makeDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let path = "\(directory)/ledger.db"
    let old = try DatabaseQueue(path: path)
    try await old.write { database in
      try database.execute(
        sql: """
          CREATE TABLE issuance (
            serial TEXT PRIMARY KEY, names TEXT NOT NULL, issued_at INTEGER NOT NULL,
            not_after INTEGER NOT NULL
          ) WITHOUT ROWID;
          INSERT INTO issuance VALUES ('aa', 'a', 20, 30), ('bb', 'b', 10, 30);
          """)
    }
    try old.close()
    for _ in 0..<2 {
      let ledger = try IssuanceLedger(path: path)
      #expect(try await ledger.latest(10).map(\.serialNumber) == ["aa", "bb"])
      #expect(try await ledger.latest(1).map(\.names) == [["a"]])
    }
  }

  private func write(_ files: [String: String], to directory: String) throws {
    for (name, text) in files {
      try PrivateFile.write(Array(text.utf8), to: "\(directory)/\(name)")
    }
  }

  private func makeDirectory() throws -> String {
    let directory = "/tmp/skein-ca-\(UInt64.random(in: 0...UInt64.max))"
    try PrivateFile.makeDirectory(directory)
    return directory
  }

  private func withDirectory(_ body: (String) throws -> Void) throws {
    let directory = try makeDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try body(directory)
  }
}
