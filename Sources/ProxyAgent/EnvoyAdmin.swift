internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// Envoy's admin interface on loopback.
package struct EnvoyAdmin: Sendable {
  /// An answer of it.
  package struct Answer: Sendable {
    /// The HTTP status.
    package let status: Int
    /// The body as text.
    package let body: String
  }

  private static let timeout = TimeAmount.seconds(5)
  private static let maximumBodySize = 67_108_864

  private let port: Int

  /// The admin interface on a port of 127.0.0.1.
  package init(port: Int) {
    self.port = port
  }

  /// Asks for a path.
  package func get(_ path: String) async throws -> Answer {
    try await request(.GET, path)
  }

  /// Posts to a path.
  @discardableResult
  package func post(_ path: String) async throws -> Answer {
    try await request(.POST, path)
  }

  /// Whether Envoy is live and has listeners and clusters from the control plane.
  package func isReady() async -> Bool {
    let statistics = [
      "cluster_manager.cds.update_success", "listener_manager.lds.update_success",
      "listener_manager.workers_started", "server.state",
    ]
    let pattern = statistics.map { $0.replacing(".", with: "%5C.") }.joined(separator: "%7C")
    guard let answer = try? await get("/stats?filter=%5E(\(pattern))$"), answer.status == 200 else {
      return false
    }
    var values: [String: Int] = [:]
    for line in answer.body.split(separator: "\n") {
      let parts = line.split(separator: ":")
      guard parts.count == 2 else { continue }
      values[String(parts[0])] = Int(parts[1].drop { $0 == " " })
    }
    return values["server.state"] == 0 && values["listener_manager.workers_started"] == 1
      && values["cluster_manager.cds.update_success"] ?? 0 > 0
      && values["listener_manager.lds.update_success"] ?? 0 > 0
  }

  /// The number of open connections; nil when Envoy does not tell.
  func openConnections() async -> Int? {
    let answer = try? await get("/stats?filter=%5Eserver%5C.total_connections$")
    return answer.flatMap { $0.body.split(separator: " ").last }
      .flatMap { Int($0.filter { $0.isNumber }) }
  }

  private func request(_ method: HTTPMethod, _ path: String) async throws -> Answer {
    let group = MultiThreadedEventLoopGroup.singleton
    let promise = group.next().makePromise(of: Answer.self)
    let bootstrap = ClientBootstrap(group: group).connectTimeout(Self.timeout)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHTTPClientHandlers()
          try channel.pipeline.syncOperations.addHandler(
            AdminAnswerHandler(promise: promise, maximumBodySize: Self.maximumBodySize))
        }
      }
    let channel: any Channel
    do {
      channel = try await bootstrap.connect(host: "127.0.0.1", port: port).get()
    } catch {
      promise.fail(error)
      throw error
    }
    let headers = HTTPHeaders([
      ("host", "127.0.0.1"), ("connection", "close"), ("content-length", "0"),
    ])
    let head = HTTPRequestHead(version: .http1_1, method: method, uri: path, headers: headers)
    channel.write(HTTPClientRequestPart.head(head), promise: nil)
    channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
    let timer = channel.eventLoop.scheduleTask(in: Self.timeout) { channel.close(promise: nil) }
    defer { timer.cancel() }
    return try await promise.futureResult.get()
  }
}

/// Collects one answer and closes.
private final class AdminAnswerHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart

  private let promise: EventLoopPromise<EnvoyAdmin.Answer>
  private let maximumBodySize: Int
  private var status = 0
  private var body = ByteBuffer()
  private var isComplete = false

  init(promise: EventLoopPromise<EnvoyAdmin.Answer>, maximumBodySize: Int) {
    self.promise = promise
    self.maximumBodySize = maximumBodySize
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      status = Int(head.status.code)
    case .body(let bytes):
      guard body.readableBytes + bytes.readableBytes <= maximumBodySize else {
        context.close(promise: nil)
        return
      }
      body.writeImmutableBuffer(bytes)
    case .end:
      isComplete = true
      promise.succeed(EnvoyAdmin.Answer(status: status, body: String(buffer: body)))
      context.close(promise: nil)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    if !isComplete {
      promise.fail(ChannelError.eof)
    }
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
