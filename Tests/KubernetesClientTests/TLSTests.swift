internal import Foundation
internal import Hummingbird
internal import HummingbirdHTTP2
internal import HummingbirdTLS
internal import Logging
import MeshTesting
internal import NIOCore
internal import NIOSSL
internal import OpenSSLCrypto
internal import ServiceLifecycle
internal import Synchronization
import Testing

@testable internal import KubernetesClient

/// A client before an API server that speaks TLS, HTTP/2 where asked to, and wants a client certificate.
@Suite struct TLSTests {
  /// A request as the server saw it.
  private struct Context: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The kind of channel that the request came on.
    let channel: String

    init(source: ApplicationRequestContextSource) {
      coreContext = .init(source: source)
      channel = "\(type(of: source.channel))"
    }
  }

  private final class Seen: Sendable {
    let channels = Mutex<[String]>([])
  }

  private static var logger: Logger {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return logger
  }

  /// Serves with a certificate for `api.example`; with `asksClients` only those whom the authority knows.
  private static func serving(
    asksClients: Bool, _ body: @Sendable (String, Authority, Seen) async throws -> Void
  ) async throws {
    let authority = try Authority()
    let server = try authority.issue(names: [.dns("api.example")], purpose: .serverAuthentication)
    var tls = TLSConfiguration.makeServerConfiguration(
      certificateChain: try NIOSSLCertificate.fromPEMBytes(server.chainPEM).map {
        .certificate($0)
      }, privateKey: .privateKey(try NIOSSLPrivateKey(bytes: server.keyPEM, format: .pem)))
    if asksClients {
      tls.trustRoots = .certificates(
        try NIOSSLCertificate.fromPEMBytes(Array(authority.certificate.pem.utf8)))
      tls.certificateVerification = .noHostnameVerification
    }
    let seen = Seen()
    let port = Mutex<Int?>(nil)
    let application = Application(
      responder: CallbackResponder<Context> { _, context in
        seen.channels.withLock { $0.append(context.channel) }
        return Response(
          status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: #"{"items":[{}]}"#)))
      },
      server: try .http2Upgrade(tlsConfiguration: tls),
      configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { channel in port.withLock { $0 = channel.localAddress?.port } },
      logger: logger)
    try await RunningService.whileRunning(application, logger: logger) {
      while true {
        if let port = port.withLock({ $0 }) {
          return try await body("https://127.0.0.1:\(port)", authority, seen)
        }
        try await Task.sleep(for: .milliseconds(5))
      }
    }
  }

  private static func list(
    _ url: String, _ change: (inout KubernetesClient.Configuration) -> Void
  ) async throws -> Int {
    var configuration = KubernetesClient.Configuration(baseURL: url)
    change(&configuration)
    let client = KubernetesClient(configuration: configuration, logger: logger)
    do {
      let count = try await client.list(.services).count
      await client.shutdown()
      return count
    } catch {
      await client.shutdown()
      throw error
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `HTTP 2 is spoken with a server whose name and roots are the configured ones`() async throws
  {
    try await Self.serving(asksClients: false) { url, authority, seen in
      let roots = Array(authority.certificate.pem.utf8)
      let count = try await Self.list(url) {
        $0.trust = .roots(roots)
        $0.serverName = "api.example"
      }
      #expect(count == 1)
      #expect(seen.channels.withLock { $0.allSatisfy { $0.contains("HTTP2") } && !$0.isEmpty })
      let stranger = try Authority()
      for (trust, name) in [
        (KubernetesClient.ServerTrust.roots(roots), "other.example"),
        (.roots(Array(stranger.certificate.pem.utf8)), "api.example"), (.system, "api.example"),
      ] {
        let failure = await #expect(throws: KubernetesClientError.self) {
          try await Self.list(url) {
            $0.trust = trust
            $0.serverName = name
          }
        }
        #expect(failure?.code == nil)
      }
      #expect(try await Self.list(url) { $0.trust = .none } == 1)
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `A client certificate is shown, and another one when the credential changes`() async throws {
    try await Self.serving(asksClients: true) { url, authority, _ in
      let pair = try authority.issue(names: [.dns("client")], purpose: .clientAuthentication)
      let stranger = try Authority().issue(names: [.dns("x")], purpose: .clientAuthentication)
      let credentials = ChangingCredential(stranger)
      var configuration = KubernetesClient.Configuration(baseURL: url)
      configuration.trust = .roots(Array(authority.certificate.pem.utf8))
      configuration.serverName = "api.example"
      configuration.credentials = credentials
      let client = KubernetesClient(configuration: configuration, logger: Self.logger)
      await #expect(throws: KubernetesClientError.self) { try await client.list(.services) }
      credentials.set(pair)
      #expect(try await client.list(.services).count == 1)
      await client.shutdown()
    }
  }
}

/// A credential that a test changes.
private final class ChangingCredential: CredentialSource {
  private let pair: Mutex<Credential.KeyPair>

  init(_ pair: Credential.KeyPair) { self.pair = Mutex(pair) }

  func set(_ new: Credential.KeyPair) { pair.withLock { $0 = new } }

  func credential() async throws(KubernetesClientError) -> Credential {
    Credential(keyPair: pair.withLock { $0 })
  }

  func refused(_ credential: Credential) {}
}

/// An authority of a cluster.
private struct Authority: Sendable {
  let certificate: Certificate
  private let key: PrivateKey

  init() throws {
    key = try PrivateKey(generating: .ecdsaP256)
    var template = try Self.template(key)
    template.commonName = "authority \(UInt32.random(in: 0 ... .max))"
    template.isCA = true
    certificate = try template.sign(with: key, issuer: nil)
  }

  func issue(
    names: [SubjectAlternativeName], purpose: ExtendedKeyUsage
  ) throws -> Credential.KeyPair {
    let own = try PrivateKey(generating: .ecdsaP256)
    var template = try Self.template(own)
    template.subjectAlternativeNames = names
    template.keyUsage = [.digitalSignature]
    template.extendedKeyUsages = [purpose]
    let leaf = try template.sign(with: key, issuer: certificate)
    return .init(chainPEM: Array(leaf.pem.utf8), keyPEM: Array(try own.pem().utf8))
  }

  private static func template(_ key: PrivateKey) throws -> CertificateTemplate {
    let now = Int64(Date().timeIntervalSince1970)
    return CertificateTemplate(
      serialNumber: try SecureRandom.bytes(16).map { $0 & 0x7F }, notBefore: now - 60,
      notAfter: now + 3_600, publicKey: try key.publicKey(), keyUsage: [.keyCertSign])
  }
}
