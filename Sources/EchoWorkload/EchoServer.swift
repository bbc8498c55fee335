package import Logging
package import NIOCore
internal import NIOHTTP1
internal import NIOHTTP2
internal import NIOPosix
internal import ServiceLifecycle
internal import Synchronization

/// A workload that says what it received: for tests, demonstrations and measurements.
package final class EchoServer: Service {
  /// The addresses in use, ports filled in.
  package struct Bound: Sendable {
    /// Of HTTP.
    package let http: EchoAddress?
    /// Of TCP.
    package let tcp: EchoAddress?
  }

  private let configuration: EchoConfiguration
  private let group: any EventLoopGroup
  private let logger: Logger
  private let listeners = Mutex<[any Channel]>([])
  private let connections = Mutex<[ObjectIdentifier: any Channel]>([:])
  private let failures: FailureSchedule

  /// A server that is not bound yet.
  package init(
    configuration: EchoConfiguration,
    group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
    logger: Logger = Logger(label: "skein.echo")
  ) {
    self.configuration = configuration
    self.group = group
    self.logger = logger
    self.failures = FailureSchedule(every: configuration.failEvery)
  }

  /// Starts listening.
  ///
  /// - Throws: the error of the socket call that failed.
  package func bind() async throws -> Bound {
    let http = try await bind(configuration.httpAddress) { [configuration, failures] channel in
      try channel.pipeline.syncOperations.addHandler(
        ProtocolDetector(configuration: configuration, failures: failures))
    }
    let greeting = configuration.greetsTCP ? configuration.name : nil
    let tcp = try await bind(configuration.tcpAddress) { channel in
      try channel.pipeline.syncOperations.addHandler(TCPEchoHandler(greeting: greeting))
    }
    logger.info(
      "Echo workload listens",
      metadata: [
        "echo.name": "\(configuration.name)", "echo.http": "\(http?.description ?? "off")",
        "echo.tcp": "\(tcp?.description ?? "off")",
      ])
    return Bound(http: http, tcp: tcp)
  }

  package func run() async throws {
    if listeners.withLock({ $0.isEmpty }) {
      _ = try await bind()
    }
    try? await gracefulShutdown()
    await shutdown()
  }

  /// Stops listening, lets answers under way go out, and closes all connections.
  package func shutdown() async {
    let listening = listeners.withLock { channels in
      defer { channels = [] }
      return channels
    }
    for channel in listening {
      try? await channel.close()
    }
    let open = connections.withLock { Array($0.values) }
    for channel in open {
      channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
      channel.eventLoop.scheduleTask(in: .seconds(2)) { channel.close(promise: nil) }
    }
    for channel in open {
      try? await channel.closeFuture.get()
    }
  }

  private func bind(
    _ address: EchoAddress?, _ configure: @escaping @Sendable (any Channel) throws -> Void
  ) async throws -> EchoAddress? {
    guard let address else { return nil }
    let channel = try await ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          self.register(channel)
          try configure(channel)
        }
      }
      .bind(host: address.host, port: address.port).get()
    listeners.withLock { $0.append(channel) }
    return EchoAddress(host: address.host, port: channel.localAddress?.port ?? address.port)
  }

  private func register(_ channel: any Channel) {
    let id = ObjectIdentifier(channel)
    connections.withLock { $0[id] = channel }
    channel.closeFuture.whenComplete { _ in
      self.connections.withLock { _ = $0.removeValue(forKey: id) }
    }
  }
}

/// Says which answers fail.
final class FailureSchedule: Sendable {
  private let every: Int
  private let count = Atomic<Int>(0)

  init(every: Int) {
    self.every = every
  }

  func nextFails() -> Bool {
    guard every > 0 else { return false }
    return count.wrappingAdd(1, ordering: .relaxed).newValue.isMultiple(of: every)
  }
}

/// Sends bytes back as they come.
final class TCPEchoHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let greeting: String?

  init(greeting: String?) {
    self.greeting = greeting
  }

  func channelActive(context: ChannelHandlerContext) {
    if let greeting {
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: greeting + "\n")), promise: nil)
    }
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    context.write(data, promise: nil)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.flush()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .inputClosed = event as? ChannelEvent {
      let channel = context.channel
      context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in
        channel.close(promise: nil)
      }
    } else if event is ChannelShouldQuiesceEvent {
      context.close(promise: nil)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
