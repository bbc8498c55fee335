internal import NIOCore
internal import NIOHTTP2

/// The connection of a client: keepalive pings, and the server's GOAWAY.
final class ClientConnectionHandler: ChannelInboundHandler {
  typealias InboundIn = HTTP2Frame
  typealias OutboundOut = HTTP2Frame

  private static let ping = HTTP2PingData(withInteger: 0x736B_6569_6E00_0003)
  private static let answerTimeout = TimeAmount.seconds(10)

  private let goingAway: GoingAway
  private let keepaliveTime: TimeAmount
  private let eventLoop: any EventLoop
  private var context: ChannelHandlerContext?
  private var lastRead = NIODeadline.now()
  private var awaitsAnswer = false
  private var timer: Scheduled<Void>?

  init(goingAway: GoingAway, keepaliveTime: TimeAmount, eventLoop: any EventLoop) {
    self.goingAway = goingAway
    self.keepaliveTime = keepaliveTime
    self.eventLoop = eventLoop
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    schedule(in: keepaliveTime)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.cancel()
    self.context = nil
  }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    goingAway.set()
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .goAway = unwrapInboundIn(data).payload {
      goingAway.set()
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    lastRead = .now()
    awaitsAnswer = false
    context.fireChannelReadComplete()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case is NIOHTTP2Errors.NoSuchStream, is NIOHTTP2Errors.StreamClosed,
      is NIOHTTP2Errors.StreamError:
      break
    default:
      goingAway.set()
      context.close(promise: nil)
    }
  }

  private func schedule(in delay: TimeAmount) {
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    timer = eventLoop.scheduleTask(in: delay) { bound.value.fired() }
  }

  private func fired() {
    guard let context else { return }
    if awaitsAnswer {
      context.close(promise: nil)
      return
    }
    let idle = NIODeadline.now() - lastRead
    guard idle >= keepaliveTime else {
      schedule(in: keepaliveTime - idle)
      return
    }
    awaitsAnswer = true
    let frame = HTTP2Frame(streamID: .rootStream, payload: .ping(Self.ping, ack: false))
    context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
    schedule(in: Self.answerTimeout)
  }
}
