import GRPCTransport
import NIOCore
import OpenSSLCrypto
import Synchronization
import Testing

@Suite struct TLSTests {
  static let far: Int64 = 4_000_000_000

  struct Authority {
    let certificate: Certificate
    let key: PrivateKey

    init() throws {
      key = try PrivateKey(generating: .ecdsaP256)
      var template = CertificateTemplate(
        serialNumber: [1], notBefore: 0, notAfter: far, publicKey: try key.publicKey(),
        keyUsage: [.keyCertSign])
      template.organization = "test"
      template.isCA = true
      certificate = try template.sign(with: key, issuer: nil)
    }

    func issue(
      _ names: [SubjectAlternativeName], serial: UInt8 = 2
    ) throws -> (chain: String, key: String) {
      let leafKey = try PrivateKey(generating: .ecdsaP256)
      var template = CertificateTemplate(
        serialNumber: [serial], notBefore: 0, notAfter: far, publicKey: try leafKey.publicKey(),
        keyUsage: [.digitalSignature, .keyEncipherment])
      template.subjectAlternativeNames = names
      template.extendedKeyUsages = [.serverAuthentication, .clientAuthentication]
      return (try template.sign(with: key, issuer: certificate).pem, try leafKey.pem())
    }
  }

  @Test(arguments: [true, false])
  func `A client certificate is optional and shown to the service`(presents: Bool) async throws {
    let authority = try Authority()
    let server = try authority.issue([.dns("istiod.test")])
    let client = try authority.issue([.uri("spiffe://test/ns/a/sa/b")])
    let tls = try GRPCServerTLS(
      certificateChainPEM: server.chain, privateKeyPEM: server.key
    ) { _ in true }
    let service = EchoService()
    try await withServer(services: [service], tls: tls) { address, _ in
      let connection = try await GRPCClientConnection.connect(
        to: address,
        tls: GRPCClientTLS(
          rootCertificatesPEM: authority.certificate.pem, serverName: "istiod.test",
          certificateChainPEM: presents ? client.chain : nil,
          privateKeyPEM: presents ? client.key : nil))
      #expect(try await echo(connection) == .ok)
      let peer = try #require(service.peers.withLock { $0.first })
      #expect(peer.isTLS)
      let uris = try peer.certificateChainDER.first.map { try Certificate(der: $0).uris }
      #expect(uris == (presents ? ["spiffe://test/ns/a/sa/b"] : nil))
      await connection.close()
    }
  }

  @Test func `A client certificate that the verifier denies fails the handshake`() async throws {
    let authority = try Authority()
    let server = try authority.issue([.dns("istiod.test")])
    let client = try authority.issue([.uri("spiffe://test/ns/a/sa/b")])
    let tls = try GRPCServerTLS(
      certificateChainPEM: server.chain, privateKeyPEM: server.key
    ) { _ in false }
    let service = EchoService()
    try await withServer(services: [service], tls: tls) { address, _ in
      let connection = try await GRPCClientConnection.connect(
        to: address,
        tls: GRPCClientTLS(
          rootCertificatesPEM: authority.certificate.pem, serverName: "istiod.test",
          certificateChainPEM: client.chain, privateKeyPEM: client.key))
      #expect(try await echo(connection)?.code == .unavailable)
      #expect(service.peers.withLock { $0.isEmpty })
    }
  }

  @Test func `A client does not talk to a server of another name or root`() async throws {
    let authority = try Authority()
    let server = try authority.issue([.dns("istiod.test")])
    let tls = try GRPCServerTLS(
      certificateChainPEM: server.chain, privateKeyPEM: server.key
    ) { _ in true }
    try await withServer(services: [EchoService()], tls: tls) { address, _ in
      let wrong = [
        GRPCClientTLS(
          rootCertificatesPEM: authority.certificate.pem, serverName: "other.test"),
        GRPCClientTLS(
          rootCertificatesPEM: try Authority().certificate.pem, serverName: "istiod.test"),
      ]
      for tls in wrong {
        let connection = try await GRPCClientConnection.connect(to: address, tls: tls)
        #expect(try await echo(connection)?.code == .unavailable)
      }
    }
  }

  @Test func `A replaced server certificate serves new connections and spares old ones`()
    async throws
  {
    let old = try Authority()
    let new = try Authority()
    let first = try old.issue([.dns("istiod.test")])
    let second = try new.issue([.dns("istiod.test")])
    let tls = try GRPCServerTLS(
      certificateChainPEM: first.chain, privateKeyPEM: first.key
    ) { _ in true }
    try await withServer(services: [EchoService()], tls: tls) { address, _ in
      let before = try await GRPCClientConnection.connect(
        to: address,
        tls: GRPCClientTLS(
          rootCertificatesPEM: old.certificate.pem, serverName: "istiod.test"))
      #expect(try await echo(before) == .ok)
      try tls.update(certificateChainPEM: second.chain, privateKeyPEM: second.key)
      let after = try await GRPCClientConnection.connect(
        to: address,
        tls: GRPCClientTLS(
          rootCertificatesPEM: new.certificate.pem, serverName: "istiod.test"))
      #expect(try await echo(after) == .ok)
      #expect(try await echo(before) == .ok)
      await before.close()
      await after.close()
    }
  }

  @Test func `A certificate whose key is another's is refused`() throws {
    let authority = try Authority()
    let first = try authority.issue([.dns("a")])
    let second = try authority.issue([.dns("b")])
    #expect(throws: GRPCTLSError.self) {
      try GRPCServerTLS(certificateChainPEM: first.chain, privateKeyPEM: second.key) { _ in true }
    }
  }

  private func echo(_ connection: GRPCClientConnection) async throws -> GRPCStatus? {
    let collector = Collector()
    let call = try await connection.openCall(echoPath) { _ in collector }.get()
    call.send([ByteBuffer(string: "x")])
    call.halfClose()
    return await collector.finalStatus()
  }
}
