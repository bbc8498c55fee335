internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTP2

/// Tells HTTP/2 with prior knowledge from HTTP/1.1 by the first bytes of a connection
/// (RFC 9113, section 3.4) and sets up the handlers of what it found.
final class ProtocolDetector: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private static let preface = Array("PRI ".utf8)

  private let configuration: EchoConfiguration
  private let failures: FailureSchedule
  private var received = ByteBuffer()

  init(configuration: EchoConfiguration, failures: FailureSchedule) {
    self.configuration = configuration
    self.failures = failures
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    received.writeImmutableBuffer(unwrapInboundIn(data))
    let start = received.readableBytesView.prefix(Self.preface.count)
    let isHTTP2 = Self.preface.starts(with: start)
    guard !isHTTP2 || start.count == Self.preface.count else { return }
    do {
      if isHTTP2 {
        try configureHTTP2(context)
      } else {
        try configureHTTP1(context)
      }
    } catch {
      context.close(promise: nil)
      return
    }
    let bytes = received
    received = ByteBuffer()
    context.fireChannelRead(wrapInboundOut(bytes))
    context.fireChannelReadComplete()
    context.pipeline.syncOperations.removeHandler(self, promise: nil)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is ChannelShouldQuiesceEvent || event as? ChannelEvent == .inputClosed {
      context.close(promise: nil)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  private func configureHTTP1(_ context: ChannelHandlerContext) throws {
    let pipeline = context.pipeline.syncOperations
    try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
    try pipeline.addHandler(
      HTTPEchoHandler(
        configuration: configuration, failures: failures, isHTTP2: false,
        peer: context.remoteAddress))
  }

  private func configureHTTP2(_ context: ChannelHandlerContext) throws {
    let configuration = configuration
    let failures = failures
    let peer = context.remoteAddress
    var connection = NIOHTTP2Handler.ConnectionConfiguration()
    connection.initialSettings = [
      HTTP2Setting(parameter: .maxConcurrentStreams, value: 10_000),
      HTTP2Setting(parameter: .maxHeaderListSize, value: 65_536),
    ]
    var stream = NIOHTTP2Handler.StreamConfiguration()
    // Load generators and retries reset many streams.
    stream.streamResetFrameRateLimit.maximumCount = 1000
    stream.streamResetFrameRateLimit.windowLength = .seconds(1)
    _ = try context.pipeline.syncOperations.configureHTTP2Pipeline(
      mode: .server, connectionConfiguration: connection, streamConfiguration: stream
    ) { channel in
      channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.addHandlers([
          HTTP2FramePayloadToHTTP1ServerCodec(),
          HTTPEchoHandler(
            configuration: configuration, failures: failures, isHTTP2: true, peer: peer),
        ])
      }
    }
    try context.pipeline.syncOperations.addHandler(HTTP2ConnectionEnd())
  }
}

/// Closes an HTTP/2 connection on errors and when the server stops.
private final class HTTP2ConnectionEnd: ChannelInboundHandler {
  typealias InboundIn = HTTP2Frame
  typealias OutboundOut = HTTP2Frame

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard event is ChannelShouldQuiesceEvent || event as? ChannelEvent == .inputClosed else {
      return
    }
    let frame = HTTP2Frame(
      streamID: .rootStream,
      payload: .goAway(lastStreamID: .maxID, errorCode: .noError, opaqueData: nil))
    context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
    let channel = context.channel
    context.eventLoop.scheduleTask(in: .milliseconds(500)) { channel.close(promise: nil) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case is NIOHTTP2Errors.NoSuchStream, is NIOHTTP2Errors.StreamClosed,
      is NIOHTTP2Errors.StreamError:
      break
    default:
      context.close(promise: nil)
    }
  }
}
