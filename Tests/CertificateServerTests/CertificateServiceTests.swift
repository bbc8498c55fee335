import CertificateAuthority
import CertificateServer
import DiscoveryAPI
import Foundation
import GRPCTransport
import NIOCore
import OpenSSLCrypto
import SwiftProtobuf
import Testing
import WorkloadAuthentication

@Suite struct CertificateServiceTests {
  @Test func `A token gets the first certificate, and the certificate the next`() async throws {
    try await withServer { server in
      let key = try PrivateKey(generating: .ecdsaP256)
      let first = try await server.create(
        key: key, connection: try await server.connect(), token: server.token)
      #expect(first.count == 2)
      #expect(first.last == server.authority.rootsPEM)
      let leaf = try #require(try Certificate.parse(pem: first[0]).first)
      #expect(leaf.uris == ["spiffe://cluster.local/ns/default/sa/a"])
      #expect(try leaf.publicKey == key.publicKey())

      let nextKey = try PrivateKey(generating: .rsa2048)
      let connection = try await server.connect(certificatePEM: first[0], keyPEM: try key.pem())
      let second = try await server.create(key: nextKey, connection: connection, token: nil)
      let renewed = try #require(try Certificate.parse(pem: second[0]).first)
      #expect(renewed.uris == leaf.uris)
      #expect(try renewed.publicKey == nextKey.publicKey())
      await connection.close()
    }
  }

  @Test(arguments: [nil, "Bearer wrong", "wrong"])
  func `Nobody without a credential gets a certificate`(authorization: String?) async throws {
    try await withServer { server in
      let connection = try await server.connect()
      await #expect(throws: GRPCStatus(.unauthenticated, "request authenticate failure")) {
        try await server.create(
          key: try PrivateKey(generating: .ecdsaP256), connection: connection,
          token: authorization)
      }
      await connection.close()
    }
  }

  @Test func `A client certificate of another CA fails the handshake`() async throws {
    try await withServer { server in
      let other = try CertificateAuthority(
        slots: SigningSlots(
          current: try SigningMaterial.selfSigned(
            trustDomain: "cluster.local", keyType: .ecdsaP256, lifetime: 1000,
            now: CertificateAuthority.systemClock(), serialNumber: [1])))
      let (issued, keyPEM) = try other.issueServerCertificate(
        names: [.uri("spiffe://cluster.local/ns/default/sa/a")], lifetime: 100)
      let connection = try await server.connect(
        certificatePEM: issued.chainPEM, keyPEM: keyPEM)
      let status = await #expect(throws: GRPCStatus.self) {
        try await server.create(
          key: try PrivateKey(generating: .ecdsaP256), connection: connection,
          token: server.token)
      }
      #expect(status?.code == .unavailable)
      await connection.close()
    }
  }

  enum Wrong: CaseIterable {
    case request
    case lifetime
    case impersonation
  }

  @Test(arguments: Wrong.allCases)
  func `A wrong request gets the right status`(wrong: Wrong) async throws {
    try await withServer { server in
      let connection = try await server.connect()
      var request = Istio_V1_Auth_IstioCertificateRequest()
      request.csr = try CertificateSigningRequest(
        key: PrivateKey(generating: .ecdsaP256), subjectAlternativeNames: []
      ).pem
      var code = GRPCStatus.Code.invalidArgument
      switch wrong {
      case .request: request.csr = "nonsense"
      case .lifetime: request.validityDuration = 7_776_001
      case .impersonation:
        request.metadata.fields["ImpersonatedIdentity"] = "spiffe://cluster.local/ns/x/sa/y"
        code = .unauthenticated
      }
      let status = await #expect(throws: GRPCStatus.self) {
        try await server.send(request, connection: connection, token: server.token)
      }
      #expect(status?.code == code)
      await connection.close()
    }
  }

  @Test func `Bytes that are no request are refused`() async throws {
    try await withServer { server in
      let connection = try await server.connect()
      let status = await #expect(throws: GRPCStatus.self) {
        try await connection.unary(
          CertificateService.createCertificate,
          headers: ["authorization": "Bearer \(server.token)"],
          message: ByteBuffer(repeating: 0xFF, count: 100), timeout: .seconds(5))
      }
      #expect(status?.code == .invalidArgument)
      await connection.close()
    }
  }

  struct TestServer {
    let address: GRPCAddress
    let authority: CertificateAuthority
    let token: String

    func connect(
      certificatePEM: String? = nil, keyPEM: String? = nil
    ) async throws -> GRPCClientConnection {
      try await GRPCClientConnection.connect(
        to: address,
        tls: GRPCClientTLS(
          rootCertificatesPEM: authority.rootsPEM, serverName: "istiod.istio-system.svc",
          certificateChainPEM: certificatePEM, privateKeyPEM: keyPEM))
    }

    func create(
      key: PrivateKey, connection: GRPCClientConnection, token: String?
    ) async throws -> [String] {
      var request = Istio_V1_Auth_IstioCertificateRequest()
      request.csr = try CertificateSigningRequest(key: key, subjectAlternativeNames: []).pem
      request.validityDuration = 3600
      return try await send(request, connection: connection, token: token)
    }

    func send(
      _ request: Istio_V1_Auth_IstioCertificateRequest, connection: GRPCClientConnection,
      token: String?
    ) async throws -> [String] {
      let bytes: [UInt8] = try request.serializedBytes()
      let response =
        if let token {
          try await connection.unary(
            CertificateService.createCertificate, headers: ["authorization": "Bearer \(token)"],
            message: ByteBuffer(bytes: bytes), timeout: .seconds(5))
        } else {
          try await connection.unary(
            CertificateService.createCertificate, message: ByteBuffer(bytes: bytes),
            timeout: .seconds(5))
        }
      return try Istio_V1_Auth_IstioCertificateResponse(
        serializedBytes: Array(response.readableBytesView)
      ).certChain
    }
  }

  private func withServer(_ body: (TestServer) async throws -> Void) async throws {
    let directory = "/tmp/skein-server-\(UInt64.random(in: 0...UInt64.max))"
    try PrivateFile.makeDirectory(directory)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let material = try AuthorityFiles(directory: directory).loadOrCreate(
      trustDomain: "cluster.local")
    let authority = try CertificateAuthority(slots: SigningSlots(current: material))
    let tokens = try JoinTokens(
      path: "\(directory)/tokens.db", clock: CertificateAuthority.systemClock)
    let authenticator = WorkloadAuthenticator(
      trustDomain: "cluster.local", verifier: { authority.verifier }, tokens: [tokens],
      clock: CertificateAuthority.systemClock)
    let (issued, keyPEM) = try authority.issueServerCertificate(
      names: [.dns("istiod.istio-system.svc")], lifetime: 3600)
    let tls = try GRPCServerTLS(
      certificateChainPEM: issued.chainPEM, privateKeyPEM: keyPEM
    ) { authenticator.accepts(chainDER: $0) }
    let server = GRPCServer(
      addresses: [.hostPort(host: "127.0.0.1", port: 0)], tls: tls,
      services: [CertificateService(authority: authority, authenticator: authenticator)])
    let address = try #require(try await server.bind().first)
    let token = try await tokens.create(
      for: TokenHolder(namespace: "default", serviceAccount: "a"), lifetime: 100)
    do {
      try await body(TestServer(address: address, authority: authority, token: token))
    } catch {
      await server.shutdown()
      throw error
    }
    await server.shutdown()
  }
}
