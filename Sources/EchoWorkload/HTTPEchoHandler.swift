internal import NIOCore
internal import NIOHTTP1

/// Answers each request with what it was, as JSON in one write.
final class HTTPEchoHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private static let maximumDelay = Duration.seconds(60)

  private let configuration: EchoConfiguration
  private let failures: FailureSchedule
  private let isHTTP2: Bool
  private let peer: SocketAddress?
  private var head: HTTPRequestHead?
  private var bodyBytes = 0
  private var isAnswering = false
  private var isStopping = false

  init(
    configuration: EchoConfiguration, failures: FailureSchedule, isHTTP2: Bool,
    peer: SocketAddress?
  ) {
    self.configuration = configuration
    self.failures = failures
    self.isHTTP2 = isHTTP2
    self.peer = peer
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      bodyBytes = 0
    case .body(let bytes):
      bodyBytes += bytes.readableBytes
    case .end:
      guard let head else { return }
      answer(head, context: context)
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case is ChannelShouldQuiesceEvent:
      isStopping = true
      if !isAnswering {
        context.close(promise: nil)
      }
    case ChannelEvent.inputClosed where !isHTTP2:
      isStopping = true
      if !isAnswering {
        context.close(promise: nil)
      }
    default:
      context.fireUserInboundEventTriggered(event)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  private func answer(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
    isAnswering = true
    let query = QueryParameters(uri: head.uri)
    let delay = min(query.delay ?? configuration.delay, Self.maximumDelay)
    let status = failures.nextFails() ? 503 : query.status ?? configuration.status
    let body = describe(head)
    guard delay > .zero else {
      write(status: status, body: body, head: head, context: context)
      return
    }
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    context.eventLoop.scheduleTask(in: TimeAmount(delay)) {
      let (handler, context) = bound.value
      handler.write(status: status, body: body, head: head, context: context)
    }
  }

  private func write(
    status: Int, body: ByteBuffer, head: HTTPRequestHead, context: ChannelHandlerContext
  ) {
    isAnswering = false
    guard context.channel.isActive else { return }
    let closes = !isHTTP2 && (!head.isKeepAlive || isStopping)
    var headers = HTTPHeaders([
      ("content-type", "application/json"), ("content-length", String(body.readableBytes)),
      ("server", configuration.name),
    ])
    if closes {
      headers.add(name: "connection", value: "close")
    } else if !isHTTP2, head.version.minor == 0 {
      headers.add(name: "connection", value: "keep-alive")
    }
    let response = HTTPResponseHead(
      version: head.version, status: HTTPResponseStatus(statusCode: status), headers: headers)
    context.write(wrapOutboundOut(.head(response)), promise: nil)
    if head.method != .HEAD {
      context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    }
    let end = context.writeAndFlush(wrapOutboundOut(.end(nil)))
    if closes {
      let channel = context.channel
      end.whenComplete { _ in channel.close(promise: nil) }
    }
  }

  private func describe(_ head: HTTPRequestHead) -> ByteBuffer {
    var json = JSONText(capacity: 512)
    json.begin()
    json.field("name", configuration.name)
    json.field("protocol", isHTTP2 ? "HTTP/2" : "HTTP/\(head.version.major).\(head.version.minor)")
    json.field("method", head.method.rawValue)
    json.field("path", head.uri)
    json.field(
      "peer",
      peer.flatMap { address in
        address.ipAddress.map { "\($0):\(address.port ?? 0)" }
      } ?? "")
    json.field("xfcc", head.headers.first(name: "x-forwarded-client-cert") ?? "")
    json.field("bodyBytes", bodyBytes)
    json.headers(head.headers)
    json.end()
    return json.buffer
  }
}

/// The query parameters that change an answer.
struct QueryParameters {
  var delay: Duration?
  var status: Int?

  init(uri: String) {
    guard let mark = uri.firstIndex(of: "?") else { return }
    for pair in uri[uri.index(after: mark)...].split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1)
      guard parts.count == 2 else { continue }
      switch parts[0] {
      case "delay": delay = EchoDelay(String(parts[1]))?.duration
      case "status": status = Int(parts[1]).flatMap { (200...599).contains($0) ? $0 : nil }
      default: break
      }
    }
  }
}

/// A delay as text: `250ms`, `2s`, or a bare number of seconds.
package struct EchoDelay: Hashable, Sendable {
  /// The delay.
  package let duration: Duration

  /// Reads a delay; nil for anything that is not one of at most a day.
  package init?(_ text: String) {
    let isMilliseconds = text.hasSuffix("ms")
    let digits =
      isMilliseconds ? text.dropLast(2) : text.hasSuffix("s") ? text.dropLast() : text[...]
    guard let value = Double(digits), (0...86_400_000).contains(value) else { return nil }
    let seconds = isMilliseconds ? value / 1000 : value
    guard seconds <= 86_400 else { return nil }
    duration = .milliseconds(Int64(seconds * 1000))
  }
}
