import CertificateAuthority
import DiscoveryServer
import EnvoyTranslation
import Foundation
import GRPCTransport
import Logging
import MeshTesting
import OpenSSLCrypto
import Testing
import WorkloadAuthentication

/// A discovery server of a small mesh on two real sockets, plaintext and TLS.
struct RunningServer {
  let mesh: MeshDocuments
  let translation: MeshTranslation
  let service: DiscoveryService
  let plaintext: GRPCAddress
  let secure: GRPCAddress
  let authority: CertificateAuthority
  let token: String

  /// Applies YAML and pushes what it changes.
  func apply(_ yaml: String) throws {
    try mesh.apply(yaml)
    if let (snapshot, changes) = mesh.store.takeChanges() {
      translation.update(to: snapshot, changes)
    }
  }

  static let service = """
    apiVersion: v1
    kind: Service
    metadata: {name: web, namespace: default}
    spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]}
    """

  /// Runs `body` with a server that is shut down after.
  static func with(
    ready: Bool = true, _ body: (RunningServer) async throws -> Void
  ) async throws {
    let directory = "/tmp/skein-discovery-\(UInt64.random(in: 0...UInt64.max))"
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
    let (issued, key) = try authority.issueServerCertificate(
      names: [.dns("istiod.istio-system.svc")], lifetime: 3600)
    let tls = try GRPCServerTLS(certificateChainPEM: issued.chainPEM, privateKeyPEM: key) {
      authenticator.accepts(chainDER: $0)
    }
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let mesh = try MeshDocuments(service)
    let translation = MeshTranslation(snapshot: mesh.snapshot)
    _ = mesh.store.takeChanges()
    let discovery = DiscoveryService(
      discovery: translation, authenticator: authenticator, isReady: { ready }, logger: logger)
    let loopback = GRPCAddress.hostPort(host: "127.0.0.1", port: 0)
    let plain = GRPCServer(addresses: [loopback], services: [discovery], logger: logger)
    let secure = GRPCServer(addresses: [loopback], tls: tls, services: [discovery], logger: logger)
    let plainAddress = try #require(try await plain.bind().first)
    let secureAddress = try #require(try await secure.bind().first)
    let token = try await tokens.create(
      for: TokenHolder(namespace: "default", serviceAccount: "web"), lifetime: 100)
    let running = RunningServer(
      mesh: mesh, translation: translation, service: discovery, plaintext: plainAddress,
      secure: secureAddress, authority: authority, token: token)
    do {
      try await body(running)
    } catch {
      await plain.shutdown()
      await secure.shutdown()
      throw error
    }
    await plain.shutdown()
    await secure.shutdown()
  }

  var tls: GRPCClientTLS {
    GRPCClientTLS(
      rootCertificatesPEM: authority.rootsPEM, serverName: "istiod.istio-system.svc")
  }
}
