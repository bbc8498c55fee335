import CertificateAuthority
import CertificateServer
import Foundation
import GRPCTransport
import LoadGenerator
import NIOCore
import OpenSSLCrypto
import Synchronization
import Testing
import WorkloadAuthentication

/// A certificate authority behind TLS that can be told to stall or to go away.
final class CertificateTestServer: GRPCService {
  private struct State {
    var calls = 0
    var stallsAfter: Int?
    var stall = Duration.zero
    var stallEnds: NIODeadline?
    var shutsDownAfter: Int?
  }

  let paths = [CertificateService.createCertificate]
  private let inner: CertificateService
  private let state = Mutex(State())
  private let server = Mutex<GRPCServer?>(nil)
  private let configuration = Mutex<CertificateLoadConfiguration?>(nil)

  private init(_ inner: CertificateService) {
    self.inner = inner
  }

  /// A short measurement of this server.
  var load: CertificateLoadConfiguration {
    get throws { try #require(configuration.withLock { $0 }) }
  }

  /// Calls that reached the server.
  var calls: Int { state.withLock { $0.calls } }

  /// Answers nothing for a while from the call after `count` on.
  func stall(for duration: Duration, afterCalls count: Int) {
    state.withLock {
      $0.stallsAfter = count
      $0.stall = duration
    }
  }

  /// Closes everything at the call after `count`.
  func shutDown(afterCalls count: Int) {
    state.withLock { $0.shutsDownAfter = count }
  }

  func accept(_ call: GRPCServerCall) -> GRPCAdmission {
    let (stallEnds, shutsDown) = state.withLock { state -> (NIODeadline?, Bool) in
      state.calls += 1
      if let first = state.stallsAfter, state.calls > first, state.stallEnds == nil {
        state.stallEnds = .now() + TimeAmount(state.stall)
      }
      return (state.stallEnds, state.shutsDownAfter.map { state.calls > $0 } ?? false)
    }
    if shutsDown {
      let server = server.withLock { $0 }
      Task { await server?.shutdown() }
      return .reject(GRPCStatus(.unavailable))
    }
    guard let stallEnds, stallEnds > .now() else { return inner.accept(call) }
    return .later(
      call.eventLoop.scheduleTask(deadline: stallEnds) {
        { @Sendable in self.inner.accept(call) }
      }.futureResult)
  }

  static func run(_ body: (CertificateTestServer) async throws -> Void) async throws {
    let directory = "/tmp/skein-load-\(UInt64.random(in: 0...UInt64.max))"
    try PrivateFile.makeDirectory(directory)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let authority = try CertificateAuthority(
      slots: SigningSlots(
        current: try SigningMaterial.selfSigned(
          trustDomain: "cluster.local", keyType: .ecdsaP256, lifetime: 1000,
          now: CertificateAuthority.systemClock(), serialNumber: [1])))
    let tokens = try JoinTokens(
      path: "\(directory)/tokens.db", clock: CertificateAuthority.systemClock)
    let authenticator = WorkloadAuthenticator(
      trustDomain: "cluster.local", verifier: { authority.verifier }, tokens: [tokens],
      clock: CertificateAuthority.systemClock)
    let (issued, keyPEM) = try authority.issueServerCertificate(
      names: ServerCertificateNames.loopback, lifetime: 900)
    let tls = try GRPCServerTLS(
      certificateChainPEM: issued.chainPEM, privateKeyPEM: keyPEM
    ) { authenticator.accepts(chainDER: $0) }
    let service = CertificateTestServer(
      CertificateService(authority: authority, authenticator: authenticator))
    var settings = GRPCServerConfiguration()
    settings.drainTimeout = .milliseconds(100)
    let server = GRPCServer(
      addresses: [.hostPort(host: "127.0.0.1", port: 0)], tls: tls, services: [service],
      configuration: settings)
    service.server.withLock { $0 = server }
    let address = try #require(try await server.bind().first)
    let token = try await tokens.create(
      for: TokenHolder(namespace: "default", serviceAccount: "a"), lifetime: 100)
    var load = CertificateLoadConfiguration(
      address: address, rootsPEM: authority.rootsPEM, tokens: [token])
    load.requestCount = 4
    service.configuration.withLock { $0 = load }
    do {
      try await body(service)
    } catch {
      await server.shutdown()
      throw error
    }
    await server.shutdown()
    service.server.withLock { $0 = nil }
  }
}
