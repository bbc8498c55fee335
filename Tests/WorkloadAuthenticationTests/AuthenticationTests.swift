import Foundation
import GRPCTransport
import OpenSSLCrypto
import Synchronization
import Testing
import WorkloadAuthentication

@Suite struct AuthenticationTests {
  static let now: Int64 = 1_790_000_000

  @Test(arguments: [
    ("spiffe://cluster.local/ns/default/sa/a", true),
    ("spiffe://td.example_1/ns/istio-system/sa/x.y", true),
    ("spiffe://cluster.local/ns/default/sa/", false),
    ("spiffe://cluster.local/ns//sa/a", false),
    ("spiffe:///ns/default/sa/a", false),
    ("spiffe://cluster.local/ns/default/sa/a/b", false),
    ("spiffe://Cluster.local/ns/default/sa/a", false),
    ("spiffe://cluster.local/ns/../sa/a", false),
    ("spiffe://cluster.local/ns/d%2F/sa/a", false),
    ("https://cluster.local/ns/default/sa/a", false),
    ("", false),
  ])
  func `An identity is read and printed alike`(uri: String, valid: Bool) {
    #expect(SPIFFEIdentity(uri: uri)?.description == (valid ? uri : nil))
  }

  @Test func `A join token works until it expires, and then or when revoked no more`()
    async throws
  {
    try await withTokens { tokens, path in
      let holder = TokenHolder(namespace: "default", serviceAccount: "a")
      let token = try await tokens.create(for: holder, lifetime: 100)
      #expect(try await tokens.authenticate(token: token) == holder)
      #expect(try await tokens.authenticate(token: token + "0") == nil)
      #expect(try await tokens.authenticate(token: "") == nil)
      let later = try JoinTokens(path: path, clock: { Self.now + 100 })
      #expect(try await later.authenticate(token: token) == nil)
      let entry = try #require(try await tokens.list().first)
      #expect(entry.holder == holder)
      #expect(entry.expiresAt == Self.now + 100)
      #expect(try await tokens.revoke(id: entry.id))
      #expect(try await !tokens.revoke(id: entry.id))
      #expect(try await tokens.authenticate(token: token) == nil)
    }
  }

  @Test func `A token is remembered for a second, and not beyond its end`() async throws {
    try await withTokens { _, path in
      let time = Mutex((now: Self.now, instant: ContinuousClock.now))
      let tokens = try JoinTokens(
        path: path, clock: { time.withLock { $0.now } }, instant: { time.withLock { $0.instant } })
      let elsewhere = try JoinTokens(path: path, clock: { Self.now })
      let holder = TokenHolder(namespace: "default", serviceAccount: "a")
      let token = try await elsewhere.create(for: holder, lifetime: 100)
      #expect(tokens.remembered(token: token) == nil)
      #expect(try await tokens.authenticate(token: token) == holder)
      #expect(tokens.remembered(token: token) == holder)
      #expect(tokens.remembered(token: token + "0") == nil)
      time.withLock { $0.now = Self.now + 100 }
      #expect(tokens.remembered(token: token) == nil)
      time.withLock { $0.now = Self.now }

      // One caller looks again while the others go on.
      time.withLock { $0.instant += .milliseconds(500) }
      #expect(tokens.remembered(token: token) == nil)
      #expect(tokens.remembered(token: token) == holder)
      #expect(try await tokens.authenticate(token: token) == holder)
      #expect(tokens.remembered(token: token) == holder)

      // A revocation by another process is seen within the second.
      let id = try #require(try await tokens.list().first?.id)
      #expect(try await elsewhere.revoke(id: id))
      time.withLock { $0.instant += .milliseconds(999) }
      #expect(tokens.remembered(token: token) == nil)
      #expect(tokens.remembered(token: token) == holder)
      time.withLock { $0.instant += .milliseconds(1) }
      #expect(tokens.remembered(token: token) == nil)
      #expect(try await tokens.authenticate(token: token) == nil)
    }
  }

  @Test func `A revocation here takes effect at once, and a new token works at once`() async throws
  {
    try await withTokens { tokens, path in
      let elsewhere = try JoinTokens(path: path, clock: { Self.now })
      let holder = TokenHolder(namespace: "default", serviceAccount: "a")
      let token = try await tokens.create(for: holder, lifetime: 100)
      #expect(try await tokens.authenticate(token: token) == holder)
      let id = try #require(try await tokens.list().first?.id)
      #expect(try await tokens.revoke(id: id))
      #expect(tokens.remembered(token: token) == nil)
      #expect(try await tokens.authenticate(token: token) == nil)
      let second = try await elsewhere.create(for: holder, lifetime: 100)
      #expect(try await tokens.authenticate(token: second) == holder)
    }
  }

  @Test func `The database holds no token`() async throws {
    try await withTokens { tokens, path in
      let token = try await tokens.create(
        for: TokenHolder(namespace: "default", serviceAccount: "a"), lifetime: 100)
      let secret = try #require(token.split(separator: ".").last)
      for suffix in ["", "-wal"] {
        let content = FileManager.default.contents(atPath: path + suffix) ?? Data()
        #expect(content.range(of: Data(secret.utf8)) == nil)
      }
    }
  }

  @Test func `A plaintext caller is nobody`() async throws {
    try await withAuthenticator { authenticator, _, _ in
      let peer = GRPCPeer(remoteAddress: nil, isTLS: false, certificateChainDER: [])
      let identity = try await authenticator.authenticate(peer: peer, authorization: "Bearer x")
      #expect(identity == nil)
    }
  }

  @Test(arguments: [nil, "", "Bearer", "Bearer x", "Basic x", "Bearer skein.a.b"])
  func `An encrypted caller without a credential is refused`(header: String?) async throws {
    try await withAuthenticator { authenticator, _, _ in
      let peer = GRPCPeer(remoteAddress: nil, isTLS: true, certificateChainDER: [])
      await #expect(throws: WorkloadAuthenticator.failure) {
        try await authenticator.authenticate(peer: peer, authorization: header)
      }
    }
  }

  @Test(arguments: ["Bearer", "bearer", "BEARER"])
  func `A token gives the identity it was made for`(scheme: String) async throws {
    try await withAuthenticator { authenticator, tokens, _ in
      let token = try await tokens.create(
        for: TokenHolder(namespace: "shop", serviceAccount: "cart"), lifetime: 100)
      let peer = GRPCPeer(remoteAddress: nil, isTLS: true, certificateChainDER: [])
      let identity = try await authenticator.authenticate(
        peer: peer, authorization: "\(scheme) \(token)")
      #expect(identity?.identity.description == "spiffe://cluster.local/ns/shop/sa/cart")
      #expect(identity?.credential == .token)
    }
  }

  @Test(arguments: [
    (["spiffe://cluster.local/ns/default/sa/a"], true),
    (["spiffe://alias/ns/default/sa/a"], true),
    (["spiffe://other/ns/default/sa/a"], false),
    (["spiffe://cluster.local/ns/default/sa/a", "spiffe://cluster.local/ns/default/sa/b"], false),
    ([], false),
  ])
  func `A certificate counts with exactly one identity of this mesh`(
    uris: [String], valid: Bool
  ) async throws {
    try await withAuthenticator { authenticator, _, root in
      let leaf = try root.leaf(uris: uris, notAfter: Self.now + 10)
      let peer = GRPCPeer(remoteAddress: nil, isTLS: true, certificateChainDER: [leaf.der])
      let identity = try? await authenticator.authenticate(peer: peer, authorization: nil)
      #expect(identity?.identity.description == (valid ? uris.first : nil))
      #expect(identity?.credential == (valid ? .certificate : nil))
    }
  }

  @Test func `An expired or foreign certificate does not count, but a token beside it does`()
    async throws
  {
    try await withAuthenticator { authenticator, tokens, root in
      let uris = ["spiffe://cluster.local/ns/default/sa/a"]
      let expired = try root.leaf(uris: uris, notAfter: Self.now - 1)
      let foreign = try TestRoot().leaf(uris: uris, notAfter: Self.now + 10)
      let token = try await tokens.create(
        for: TokenHolder(namespace: "default", serviceAccount: "a"), lifetime: 100)
      for leaf in [expired, foreign] {
        #expect(!authenticator.accepts(chainDER: [leaf.der]))
        let peer = GRPCPeer(remoteAddress: nil, isTLS: true, certificateChainDER: [leaf.der])
        await #expect(throws: WorkloadAuthenticator.failure) {
          try await authenticator.authenticate(peer: peer, authorization: nil)
        }
        let identity = try await authenticator.authenticate(
          peer: peer, authorization: "Bearer \(token)")
        #expect(identity?.credential == .token)
      }
    }
  }

  struct TestRoot {
    let certificate: Certificate
    let key: PrivateKey

    init() throws {
      key = try PrivateKey(generating: .ecdsaP256)
      var template = CertificateTemplate(
        serialNumber: [1], notBefore: now - 1000, notAfter: now + 1000,
        publicKey: try key.publicKey(), keyUsage: [.keyCertSign])
      template.organization = "cluster.local"
      template.isCA = true
      certificate = try template.sign(with: key, issuer: nil)
    }

    func leaf(uris: [String], notAfter: Int64) throws -> Certificate {
      var template = CertificateTemplate(
        serialNumber: [2], notBefore: now - 100, notAfter: notAfter,
        publicKey: try PrivateKey(generating: .ecdsaP256).publicKey(),
        keyUsage: [.digitalSignature])
      template.subjectAlternativeNames = uris.map { .uri($0) }
      template.extendedKeyUsages = [.clientAuthentication]
      return try template.sign(with: key, issuer: certificate)
    }
  }

  private func withTokens(_ body: (JoinTokens, String) async throws -> Void) async throws {
    let directory = "/tmp/skein-tokens-\(UInt64.random(in: 0...UInt64.max))"
    try PrivateFile.makeDirectory(directory)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await body(
      try JoinTokens(path: "\(directory)/tokens.db", clock: { Self.now }),
      "\(directory)/tokens.db")
  }

  private func withAuthenticator(
    _ body: (WorkloadAuthenticator, JoinTokens, TestRoot) async throws -> Void
  ) async throws {
    let root = try TestRoot()
    let verifier = try CertificateVerifier(roots: [root.certificate])
    try await withTokens { tokens, _ in
      let authenticator = WorkloadAuthenticator(
        trustDomain: "cluster.local", aliases: ["alias"], verifier: { verifier },
        tokens: [tokens], clock: { Self.now })
      try await body(authenticator, tokens, root)
    }
  }
}
