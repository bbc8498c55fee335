package import Logging
package import NIOCore
internal import NIOHTTP2
internal import NIOPosix
internal import ServiceLifecycle
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A gRPC server on one or more addresses.
///
/// Runs until a graceful shutdown: it then stops listening, tells every connection to go away at
/// a moment of its own within half the drain timeout, and closes what is left at its end.
package final class GRPCServer: Service {
  private struct State {
    var listeners: [any Channel] = []
    var connections: [ObjectIdentifier: any Channel] = [:]
    var isShuttingDown = false
  }

  private let addresses: [GRPCAddress]
  private let tls: GRPCServerTLS?
  private let services: [GRPCMethodPath: any GRPCService]
  private let configuration: GRPCServerConfiguration
  private let group: any EventLoopGroup
  private let logger: Logger
  private let state = Mutex(State())

  /// A server of `services` on every address; plaintext without `tls`.
  package init(
    addresses: [GRPCAddress], tls: GRPCServerTLS? = nil, services: [any GRPCService],
    configuration: GRPCServerConfiguration = GRPCServerConfiguration(),
    group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
    logger: Logger = Logger(label: "skein.grpc")
  ) {
    self.addresses = addresses
    self.tls = tls
    self.configuration = configuration
    self.group = group
    self.logger = logger
    var table: [GRPCMethodPath: any GRPCService] = [:]
    for service in services {
      for path in service.paths {
        table[path] = service
      }
    }
    self.services = table
  }

  /// The addresses in use, ports filled in; empty before `bind()`.
  package var boundAddresses: [GRPCAddress] {
    state.withLock { $0.listeners.compactMap { $0.localAddress.flatMap { GRPCAddress($0) } } }
  }

  /// Starts listening; `run()` does it when nobody did before.
  ///
  /// - Throws: the error of the socket call that failed.
  @discardableResult
  package func bind() async throws -> [GRPCAddress] {
    guard state.withLock({ $0.listeners.isEmpty }) else { return boundAddresses }
    for address in addresses {
      let channel = try await listen(on: address)
      state.withLock { $0.listeners.append(channel) }
    }
    let bound = boundAddresses
    logger.info(
      "gRPC server listens",
      metadata: ["grpc.addresses": "\(bound.map(\.description).joined(separator: ", "))"])
    return bound
  }

  package func run() async throws {
    try await bind()
    try? await gracefulShutdown()
    await shutdown()
  }

  /// Shuts down as a graceful shutdown of `run()` does.
  package func shutdown() async {
    let (listeners, connections) = state.withLock { state in
      state.isShuttingDown = true
      defer { state.listeners = [] }
      return (state.listeners, Array(state.connections.values))
    }
    for listener in listeners {
      try? await listener.close()
    }
    let spread = configuration.drainTimeout / 2
    for channel in connections {
      let delay = connections.count > 1 ? spread * Double.random(in: 0...1) : .zero
      channel.eventLoop.scheduleTask(in: TimeAmount(delay)) {
        channel.pipeline.fireUserInboundEventTriggered(GRPCDrainEvent())
      }
    }
    let deadline = spread + configuration.drainTimeout
    for channel in connections {
      channel.eventLoop.scheduleTask(in: TimeAmount(deadline)) { channel.close(promise: nil) }
    }
    for channel in connections {
      try? await channel.closeFuture.get()
    }
  }

  private static let receiveAllocator = AdaptiveRecvByteBufferAllocator(
    minimum: 512, initial: 2048, maximum: 16_384)

  private func listen(on address: GRPCAddress) async throws -> any Channel {
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1024)
      // A connection keeps the buffers it reads into; peers mostly say little.
      .childChannelOption(.recvAllocator, value: Self.receiveAllocator)
      .childChannelOption(.maxMessagesPerRead, value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try self.configure(channel) }
      }
    switch address {
    case .hostPort(let host, let port):
      return
        try await bootstrap
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        .bind(host: host, port: port).get()
    case .unixSocket(let path):
      let channel =
        try await bootstrap
        .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
      guard unsafe chmod(path, configuration.unixSocketMode) == 0 else {
        throw IOError(errnoCode: errno, reason: "chmod \(path)")
      }
      return channel
    }
  }

  private func configure(_ channel: any Channel) throws {
    let connection = GRPCServerConnection(
      configuration: configuration, services: services, isTLS: tls != nil,
      eventLoop: channel.eventLoop)
    if let tls {
      let handler = tls.makeHandler { [weak connection] chain in
        connection?.recordCertificates(chain)
      }
      try channel.pipeline.syncOperations.addHandler(handler)
    }
    let bound = NIOLoopBound(connection, eventLoop: channel.eventLoop)
    _ = try channel.pipeline.syncOperations.configureHTTP2Pipeline(
      mode: .server, connectionConfiguration: configuration.http2Connection,
      streamConfiguration: configuration.http2Stream
    ) { stream in
      stream.eventLoop.makeCompletedFuture {
        try stream.syncOptions?.setOption(.autoRead, value: false)
        try stream.pipeline.syncOperations.addHandler(GRPCServerStream(connection: bound.value))
      }
    }
    try channel.pipeline.syncOperations.addHandler(connection)
    register(channel)
  }

  private func register(_ channel: any Channel) {
    let id = ObjectIdentifier(channel)
    let accepted = state.withLock { state in
      guard !state.isShuttingDown else { return false }
      state.connections[id] = channel
      return true
    }
    guard accepted else {
      channel.close(promise: nil)
      return
    }
    channel.closeFuture.whenComplete { _ in
      self.state.withLock { _ = $0.connections.removeValue(forKey: id) }
    }
  }
}

/// Asks the connection that receives it to drain.
struct GRPCDrainEvent: Sendable {}

extension GRPCServerConfiguration {
  var http2Connection: NIOHTTP2Handler.ConnectionConfiguration {
    var result = NIOHTTP2Handler.ConnectionConfiguration()
    result.initialSettings = [
      HTTP2Setting(parameter: .maxConcurrentStreams, value: maximumConcurrentStreams),
      HTTP2Setting(parameter: .initialWindowSize, value: streamWindow),
      HTTP2Setting(parameter: .maxHeaderListSize, value: maximumHeaderListSize),
    ]
    result.targetWindowSize = connectionWindow
    // A short window keeps the times that are remembered for each connection few, and still lets
    // a client on a fast link measure its bandwidth with pings.
    result.controlFrameRateLimit.maximumCount = 300
    result.controlFrameRateLimit.windowLength = .seconds(5)
    return result
  }

  var http2Stream: NIOHTTP2Handler.StreamConfiguration {
    var result = NIOHTTP2Handler.StreamConfiguration()
    result.targetWindowSize = streamWindow
    result.outboundBufferSizeHighWatermark = 65_536
    result.outboundBufferSizeLowWatermark = 16_384
    return result
  }
}
