internal import GRPCTransport
internal import NIOCore
internal import NIOPosix

/// Measures how many certificates an Istio-compatible authority signs
/// (`istio.v1.auth.IstioCertificateService`) and how long they take.
///
/// The generator uses one thread: it may have to share a machine with the server.
package enum CertificateLoad {
  private static let firstAnswerTimeout = Duration.seconds(10)

  /// Makes the requests, has the first ones answered, and then measures.
  ///
  /// `progress` is called once a second, on the generator's thread.
  package static func run(
    _ configuration: CertificateLoadConfiguration,
    progress: @escaping @Sendable (CertificateLoadProgress) -> Void = { _ in }
  ) async throws(CertificateLoadError) -> CertificateLoadReport {
    let requests = try CertificateRequests(configuration)
    let tls: GRPCClientTLSContext
    do {
      tls = try GRPCClientTLSContext(
        GRPCClientTLS(
          rootCertificatesPEM: configuration.rootsPEM, serverName: configuration.serverName))
    } catch {
      throw .unusableInput("the root certificates: \(error.reason)")
    }
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let connector = CertificateConnector(
      address: configuration.address, tls: tls, eventLoop: group.next())
    do throws(CertificateLoadError) {
      let report = try await measure(
        configuration, requests: requests, connector: connector, progress: progress)
      try? await group.shutdownGracefully()
      return report
    } catch {
      try? await group.shutdownGracefully()
      throw error
    }
  }

  private static func measure(
    _ configuration: CertificateLoadConfiguration, requests: CertificateRequests,
    connector: CertificateConnector,
    progress: @escaping @Sendable (CertificateLoadProgress) -> Void
  ) async throws(CertificateLoadError) -> CertificateLoadReport {
    let count =
      switch configuration.connections {
      case .kept(let count): max(1, count)
      case .fresh: 1
      }
    var opened: [GRPCClientConnection] = []
    for index in 0..<count {
      opened.append(try await open(connector, requests, index: index))
    }
    let ready = opened
    let eventLoop = connector.eventLoop
    let serverBefore = configuration.serverPID.flatMap { ProcessUsage(pid: $0) }
    let generatorBefore = ProcessUsage.own
    let finished = eventLoop.makePromise(of: CertificateLoadCounts.self)
    eventLoop.execute {
      let connections: any CertificateConnections
      switch configuration.connections {
      case .kept:
        connections = KeptConnections(ready, connector: connector)
      case .fresh:
        for connection in ready { connection.closeNow() }
        connections = FreshConnections(connector: connector)
      }
      CertificateLoadRun(
        configuration, requests: requests, connections: connections, finished: finished,
        progress: progress
      ).begin()
    }
    let counts: CertificateLoadCounts
    do {
      counts = try await finished.futureResult.get()
    } catch {
      throw .unreachable("\(error)")
    }
    let serverAfter = configuration.serverPID.flatMap { ProcessUsage(pid: $0) }
    let generatorAfter = ProcessUsage.own
    return CertificateLoadReport(
      configuration: configuration, counts: counts, server: pair(serverBefore, serverAfter),
      generator: pair(generatorBefore, generatorAfter))
  }

  /// Opens a connection and proves that it leads to an authority that signs.
  private static func open(
    _ connector: CertificateConnector, _ requests: CertificateRequests, index: Int
  ) async throws(CertificateLoadError) -> GRPCClientConnection {
    let connection: GRPCClientConnection
    do {
      connection = try await connector.connect().get()
    } catch {
      throw .unreachable("\(error)")
    }
    let request = requests[index]
    let answer: ByteBuffer
    do {
      answer = try await connection.unary(
        CertificateRequests.method,
        headers: ["authorization": request.authorization, "clusterid": "Kubernetes"],
        message: request.message, timeout: firstAnswerTimeout)
    } catch {
      connection.closeNow()
      throw error.code == .unavailable || error.code == .deadlineExceeded
        ? .unreachable("\(error) (is the root certificate the server's?)") : .refused(error)
    }
    try requests.check(answer, to: index)
    return connection
  }

  private static func pair(
    _ before: ProcessUsage?, _ after: ProcessUsage?
  ) -> (before: ProcessUsage, after: ProcessUsage)? {
    guard let before, let after else { return nil }
    return (before, after)
  }
}
