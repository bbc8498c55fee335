package import NIOCore
internal import NIOHPACK
internal import NIOHTTP2
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// What a client needs for TLS.
package struct GRPCClientTLS: Sendable {
  /// The trust anchors, PEM.
  package var rootCertificatesPEM: String
  /// The name that the server's certificate must carry; the host connected to when nil.
  package var serverName: String?
  /// The client's certificate chain, PEM, leaf first; nil to present none.
  package var certificateChainPEM: String?
  /// The key of that certificate, PEM.
  package var privateKeyPEM: String?

  /// TLS that trusts `rootCertificatesPEM`.
  package init(
    rootCertificatesPEM: String, serverName: String? = nil, certificateChainPEM: String? = nil,
    privateKeyPEM: String? = nil
  ) {
    self.rootCertificatesPEM = rootCertificatesPEM
    self.serverName = serverName
    self.certificateChainPEM = certificateChainPEM
    self.privateKeyPEM = privateKeyPEM
  }
}

/// TLS material of a client, read once for any number of connections.
package struct GRPCClientTLSContext: Sendable {
  fileprivate let context: NIOSSLContext
  fileprivate let serverName: String?

  /// Reads the material.
  ///
  /// - Throws: `GRPCTLSError` when it cannot be used.
  package init(_ tls: GRPCClientTLS) throws(GRPCTLSError) {
    context = try tls.makeContext()
    serverName = tls.serverName
  }
}

/// A connection of a client; it carries any number of calls.
package final class GRPCClientConnection: Sendable {
  /// The loop of the connection and of all its calls.
  package let eventLoop: any EventLoop
  private let channel: any Channel
  private let multiplexer: NIOHTTP2Handler.StreamMultiplexer
  private let authority: String
  private let scheme: String
  private let goingAway: GoingAway

  private init(
    channel: any Channel, multiplexer: NIOHTTP2Handler.StreamMultiplexer, authority: String,
    scheme: String, goingAway: GoingAway
  ) {
    self.eventLoop = channel.eventLoop
    self.channel = channel
    self.multiplexer = multiplexer
    self.authority = authority
    self.scheme = scheme
    self.goingAway = goingAway
  }

  /// Connects; with TLS the handshake goes on while the first calls are opened.
  ///
  /// - Throws: `GRPCTLSError` for unusable TLS material, `GRPCStatus` `unavailable` when the
  ///   address does not answer within `timeout`.
  package static func connect(
    to address: GRPCAddress, tls: GRPCClientTLS? = nil, timeout: Duration = .seconds(10),
    keepaliveTime: Duration = .seconds(30),
    group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
  ) async throws -> GRPCClientConnection {
    try await connect(
      to: address, context: try tls.map { try GRPCClientTLSContext($0) }, timeout: timeout,
      keepaliveTime: keepaliveTime, group: group)
  }

  /// Connects with TLS material that was read before; plaintext when it is nil.
  ///
  /// `streamWindow` is how many bytes a server may have under way, unread, on each stream.
  ///
  /// - Throws: `GRPCStatus` `unavailable` when the address does not answer within `timeout`.
  package static func connect(
    to address: GRPCAddress, context tls: GRPCClientTLSContext?, timeout: Duration = .seconds(10),
    keepaliveTime: Duration = .seconds(30), streamWindow: Int = 1_048_576,
    group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
  ) async throws -> GRPCClientConnection {
    let context = tls?.context
    let goingAway = GoingAway()
    let serverName = tls?.serverName ?? address.host
    let initializer: @Sendable (any Channel) -> EventLoopFuture<Connected> = { channel in
      channel.eventLoop.makeCompletedFuture {
        if let context {
          try channel.pipeline.syncOperations.addHandler(
            makeTLSHandler(context: context, serverName: serverName))
        }
        let multiplexer = try channel.pipeline.syncOperations.configureHTTP2Pipeline(
          mode: .client, connectionConfiguration: connectionConfiguration(streamWindow),
          streamConfiguration: streamConfiguration(streamWindow)
        ) { pushed in pushed.close() }
        try channel.pipeline.syncOperations.addHandler(
          ClientConnectionHandler(
            goingAway: goingAway, keepaliveTime: TimeAmount(keepaliveTime),
            eventLoop: channel.eventLoop))
        return Connected(channel: channel, multiplexer: multiplexer)
      }
    }
    let bootstrap = ClientBootstrap(group: group).connectTimeout(TimeAmount(timeout))
    do {
      let connected =
        switch address {
        case .hostPort(let host, let port):
          try await bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connect(host: host, port: port, channelInitializer: initializer)
        case .unixSocket(let path):
          try await bootstrap.connect(
            unixDomainSocketPath: path, channelInitializer: initializer)
        }
      return GRPCClientConnection(
        channel: connected.channel, multiplexer: connected.multiplexer,
        authority: serverName ?? "localhost", scheme: tls == nil ? "http" : "https",
        goingAway: goingAway)
    } catch {
      throw GRPCStatus(.unavailable, "cannot connect to \(address): \(error)")
    }
  }

  /// Whether new calls make sense: connected, and the server has not said GOAWAY.
  package var isUsable: Bool { channel.isActive && !goingAway.value }

  /// Completes when the connection is closed.
  package var closeFuture: EventLoopFuture<Void> { channel.closeFuture }

  /// Opens a call; `makeHandler` and everything the handler is told run on `eventLoop`.
  ///
  /// `headers` are additional request headers with names in lower case. A message from the server
  /// longer than `maximumMessageSize` bytes ends the call.
  package func openCall(
    _ path: GRPCMethodPath, headers: KeyValuePairs<String, String> = [:],
    maximumMessageSize: Int = 268_435_456,
    makeHandler: @escaping @Sendable (GRPCClientCall) -> any GRPCClientCallHandler
  ) -> EventLoopFuture<GRPCClientCall> {
    openCall(
      requestHeaders(path, headers.map { ($0.key, $0.value) }),
      maximumMessageSize: maximumMessageSize, makeHandler: makeHandler)
  }

  private func openCall(
    _ requestHeaders: HPACKHeaders, maximumMessageSize: Int,
    makeHandler: @escaping @Sendable (GRPCClientCall) -> any GRPCClientCallHandler
  ) -> EventLoopFuture<GRPCClientCall> {
    eventLoop.submit { [eventLoop, multiplexer] in
      let stream = GRPCClientStream(
        requestHeaders: requestHeaders, maximumMessageSize: maximumMessageSize)
      let call = GRPCClientCall(stream: stream, eventLoop: eventLoop)
      stream.setHandler(makeHandler(call))
      let bound = NIOLoopBound(stream, eventLoop: eventLoop)
      let opened = eventLoop.makePromise(of: (any Channel).self)
      opened.futureResult.whenFailure { error in
        bound.value.fail(GRPCStatus(.unavailable, "cannot open a stream: \(error)"))
      }
      multiplexer.createStreamChannel(promise: opened) { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.syncOptions?.setOption(.autoRead, value: false)
          try channel.pipeline.syncOperations.addHandler(bound.value)
        }
      }
      return call
    }
  }

  /// Calls a unary method.
  ///
  /// - Throws: the status when it is not `ok`; `deadlineExceeded` after `timeout`.
  package func unary(
    _ path: GRPCMethodPath, headers: KeyValuePairs<String, String> = [:], message: ByteBuffer,
    timeout: Duration
  ) async throws(GRPCStatus) -> ByteBuffer {
    let milliseconds =
      timeout.components.seconds * 1000
      + timeout.components.attoseconds / 1_000_000_000_000_000
    let header = ("grpc-timeout", "\(min(max(milliseconds, 1), 99_999_999))m")
    let promise = eventLoop.makePromise(of: ByteBuffer.self)
    let requestHeaders = requestHeaders(path, headers.map { ($0.key, $0.value) } + [header])
    let opened = openCall(requestHeaders, maximumMessageSize: 4_194_304) { _ in
      UnaryResponse(promise: promise)
    }
    let timer = eventLoop.scheduleTask(in: TimeAmount(timeout)) {
      opened.whenSuccess { $0.cancel(GRPCStatus(.deadlineExceeded, "no answer within \(timeout)")) }
    }
    opened.whenSuccess { call in
      call.send([message])
      call.halfClose()
    }
    do {
      let response = try await withTaskCancellationHandler {
        try await promise.futureResult.get()
      } onCancel: {
        opened.whenSuccess { $0.cancel() }
      }
      timer.cancel()
      return response
    } catch {
      timer.cancel()
      throw error as? GRPCStatus ?? GRPCStatus(.unknown, "\(error)")
    }
  }

  /// Begins to close the connection as `close()` does, without waiting.
  package func closeNow() {
    channel.close(promise: nil)
  }

  /// Closes the connection and with it all calls.
  package func close() async {
    try? await channel.close()
  }

  private func requestHeaders(
    _ path: GRPCMethodPath, _ extra: [(String, String)]
  ) -> HPACKHeaders {
    HPACKHeaders(
      [
        (":method", "POST"), (":scheme", scheme), (":authority", authority),
        (":path", path.description), ("te", "trailers"), ("content-type", "application/grpc"),
        ("user-agent", "skein"),
      ] + extra)
  }

  private static func makeTLSHandler(
    context: NIOSSLContext, serverName: String?
  ) throws -> NIOSSLClientHandler {
    // An address cannot be a server name (RFC 6066); the certificate is then checked against the
    // address connected to.
    let name = serverName.flatMap { isIPAddress($0) ? nil : $0 }
    return try NIOSSLClientHandler(context: context, serverHostname: name)
  }

  private static func isIPAddress(_ text: String) -> Bool {
    (try? SocketAddress(ipAddress: text, port: 0)) != nil
  }

  private static func connectionConfiguration(
    _ streamWindow: Int
  ) -> NIOHTTP2Handler.ConnectionConfiguration {
    var result = NIOHTTP2Handler.ConnectionConfiguration()
    result.initialSettings = [
      HTTP2Setting(parameter: .enablePush, value: 0),
      HTTP2Setting(parameter: .initialWindowSize, value: streamWindow),
      HTTP2Setting(parameter: .maxHeaderListSize, value: 65_536),
    ]
    result.targetWindowSize = 16_777_216
    return result
  }

  private static func streamConfiguration(
    _ streamWindow: Int
  ) -> NIOHTTP2Handler.StreamConfiguration {
    var result = NIOHTTP2Handler.StreamConfiguration()
    result.targetWindowSize = streamWindow
    result.outboundBufferSizeHighWatermark = 65_536
    result.outboundBufferSizeLowWatermark = 16_384
    return result
  }
}

/// A channel with its handlers in place.
private struct Connected: Sendable {
  let channel: any Channel
  let multiplexer: NIOHTTP2Handler.StreamMultiplexer
}

/// Completes a promise with the one message of a unary response.
private final class UnaryResponse: GRPCClientCallHandler {
  private let promise: EventLoopPromise<ByteBuffer>
  private var message: ByteBuffer?

  init(promise: EventLoopPromise<ByteBuffer>) {
    self.promise = promise
  }

  func messageReceived(_ message: ByteBuffer) {
    self.message = message
  }

  func closed(_ status: GRPCStatus, trailers: HPACKHeaders) {
    if status.code != .ok {
      promise.fail(status)
    } else if let message {
      promise.succeed(message)
    } else {
      promise.fail(GRPCStatus(.internalError, "the response has no message"))
    }
  }
}

/// Whether the server has announced the end of a connection.
final class GoingAway: Sendable {
  private let flag = Atomic<Bool>(false)

  var value: Bool { flag.load(ordering: .relaxed) }

  func set() { flag.store(true, ordering: .relaxed) }
}

extension GRPCAddress {
  fileprivate var host: String? {
    if case .hostPort(let host, _) = self { host } else { nil }
  }
}

extension GRPCClientTLS {
  fileprivate func makeContext() throws(GRPCTLSError) -> NIOSSLContext {
    do {
      var configuration = TLSConfiguration.makeClientConfiguration()
      configuration.minimumTLSVersion = .tlsv12
      configuration.applicationProtocols = ["h2"]
      configuration.trustRoots = .certificates(
        try NIOSSLCertificate.fromPEMBytes(Array(rootCertificatesPEM.utf8)))
      if let certificateChainPEM, let privateKeyPEM {
        configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(
          Array(certificateChainPEM.utf8)
        ).map { .certificate($0) }
        configuration.privateKey = .privateKey(
          try NIOSSLPrivateKey(bytes: Array(privateKeyPEM.utf8), format: .pem))
      }
      return try NIOSSLContext(configuration: configuration)
    } catch {
      throw GRPCTLSError(reason: "\(error)")
    }
  }
}
