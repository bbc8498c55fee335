internal import AsyncHTTPClient
internal import Logging
internal import NIOCore
internal import NIOSSL
internal import Synchronization

/// The connections of a client: for each purpose its own, with the certificate of the credential.
///
/// A certificate belongs to a connection, so another one means other connections.
final class ConnectionPools: Sendable {
  private struct Pools {
    var keyPair: Credential.KeyPair?
    var clients: [RequestPurpose: HTTPClient]
  }

  private struct State {
    var current: Pools?
    /// The ones before, whose answers may still be read.
    var previous: Pools?
    var isShutDown = false
  }

  private let configuration: KubernetesClient.Configuration
  private let logger: Logger
  private let state = Mutex(State())

  init(_ configuration: KubernetesClient.Configuration, logger: Logger) {
    self.configuration = configuration
    self.logger = logger
  }

  deinit {
    // A client that is forgotten on the way of an error must not end the process, as HTTPClient would.
    let forgotten = state.withLock { [$0.current, $0.previous].compactMap { $0 } }
      .flatMap(\.clients.values)
    guard !forgotten.isEmpty else { return }
    Task { for client in forgotten { try? await client.shutdown() } }
  }

  /// The connections for a purpose, with this certificate.
  func client(
    for purpose: RequestPurpose, keyPair: Credential.KeyPair?
  ) throws(KubernetesClientError) -> HTTPClient {
    if let client = state.withLock({ state in
      state.current?.keyPair == keyPair ? state.current?.clients[purpose] : nil
    }) {
      return client
    }
    var settings = try settings(keyPair)
    let new = Dictionary(
      uniqueKeysWithValues: RequestPurpose.allCases.map { purpose in
        // A deadline counts until the head of an answer only.
        settings.timeout.read = TimeAmount(
          purpose == .watch ? configuration.longestWatchSilence : configuration.longestSilence)
        return (purpose, HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings))
      })
    let (client, ended): (HTTPClient?, [Pools]) = state.withLock { state in
      let unused = Pools(keyPair: keyPair, clients: new)
      if state.isShutDown { return (nil, [unused]) }
      if let current = state.current, current.keyPair == keyPair {
        return (current.clients[purpose], [unused])
      }
      let ended = state.previous
      state.previous = state.current
      state.current = unused
      return (new[purpose], ended.map { [$0] } ?? [])
    }
    if !ended.isEmpty {
      Task { for pools in ended { await shutdown(pools) } }
    }
    guard let client else { throw .unreachable("the client is shut down") }
    return client
  }

  /// Closes every connection.
  func shutdown() async {
    let all = state.withLock { state in
      defer { state = State(isShutDown: true) }
      return [state.current, state.previous].compactMap { $0 }
    }
    for pools in all { await shutdown(pools) }
  }

  private func shutdown(_ pools: Pools) async {
    for client in pools.clients.values {
      do {
        try await client.shutdown()
      } catch {
        logger.debug("closing connections failed", metadata: ["error": "\(error)"])
      }
    }
  }

  private func settings(
    _ keyPair: Credential.KeyPair?
  ) throws(KubernetesClientError) -> HTTPClient.Configuration {
    var settings = HTTPClient.Configuration()
    settings.timeout.connect = .seconds(10)
    settings.redirectConfiguration = .disallow
    // Trying again is the business of whoever asks.
    settings.connectionPool.retryConnectionEstablishment = false
    // Over HTTP/1 each followed resource holds one connection for as long as it is followed.
    settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
    settings.http1_1ConnectionDebugInitializer = ConnectionLiveness.configure
    settings.http2ConnectionDebugInitializer = ConnectionLiveness.configure
    if let (name, host) = configuration.renamedHost { settings.dnsOverride = [name: host] }
    guard configuration.baseURL.hasPrefix("https") else { return settings }
    var tls = TLSConfiguration.makeClientConfiguration()
    do {
      switch configuration.trust {
      case .system: break
      case .roots(let pem): tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(pem))
      case .none: tls.certificateVerification = .none
      }
      if let keyPair {
        tls.certificateChain = try NIOSSLCertificate.fromPEMBytes(keyPair.chainPEM)
          .map { .certificate($0) }
        tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: keyPair.keyPEM, format: .pem))
      }
    } catch {
      throw .unreachable("the certificates of its configuration cannot be used: \(error)")
    }
    settings.tlsConfiguration = tls
    return settings
  }
}
