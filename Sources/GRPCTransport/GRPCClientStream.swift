internal import NIOCore
internal import NIOHPACK
internal import NIOHTTP2

/// One HTTP/2 stream of a client: turns frames into the events of a call and back.
final class GRPCClientStream: ChannelInboundHandler {
  typealias InboundIn = HTTP2Frame.FramePayload
  typealias OutboundOut = HTTP2Frame.FramePayload

  private static let writeQuantum = 65_536

  private let requestHeaders: HPACKHeaders
  private var handler: (any GRPCClientCallHandler)?
  private var context: ChannelHandlerContext?
  private var decoder: MessageDecoder
  private var outbound = OutboundMessages()
  private var isOpen = false
  private var receivedHeaders = false
  private var readingEnabled = true
  private var wantsHalfClose = false
  private var wroteHalfClose = false
  private var isDraining = false
  private var wasWritable = true
  /// The end of the response, kept while reading is paused before it.
  private var ending: (status: GRPCStatus, trailers: HPACKHeaders)?

  init(requestHeaders: HPACKHeaders, maximumMessageSize: Int) {
    self.requestHeaders = requestHeaders
    self.decoder = MessageDecoder(maximumMessageSize: maximumMessageSize)
  }

  // MARK: Used by the call and the connection

  func setHandler(_ handler: any GRPCClientCallHandler) {
    self.handler = handler
  }

  func send(_ parts: [ByteBuffer]) {
    guard handler != nil, !wantsHalfClose else { return }
    guard outbound.append(parts) else {
      cancel(GRPCStatus(.internalError, "message too long"))
      return
    }
    drain()
  }

  func halfClose() {
    wantsHalfClose = true
    drain()
  }

  func cancel(_ status: GRPCStatus) {
    guard handler != nil else { return }
    close(status, trailers: HPACKHeaders())
    context?.close(promise: nil)
  }

  func setReading(_ enabled: Bool) {
    guard enabled != readingEnabled else { return }
    readingEnabled = enabled
    guard enabled else { return }
    deliverMessages()
    context?.read()
  }

  func fail(_ status: GRPCStatus) {
    close(status, trailers: HPACKHeaders())
  }

  // MARK: Channel events

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    if context.channel.isActive {
      open(context: context)
    }
  }

  func channelActive(context: ChannelHandlerContext) {
    open(context: context)
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .headers(let headers):
      received(headers.headers, endStream: headers.endStream)
    case .data(let payload):
      if case .byteBuffer(let bytes) = payload.data {
        decoder.append(bytes)
        deliverMessages()
      }
      if payload.endStream {
        end(GRPCStatus(.internalError, "the response has no status"), trailers: HPACKHeaders())
      }
    default:
      break
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if readingEnabled {
      context.read()
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      drain()
    }
    context.fireChannelWritabilityChanged()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    let status =
      switch (error as? NIOHTTP2Errors.StreamClosed)?.errorCode {
      case .some(.noError): GRPCStatus(.internalError, "the server reset the stream")
      case .some(.refusedStream): GRPCStatus(.unavailable, "the server refused the stream")
      case .some(.cancel): GRPCStatus(.cancelled, "the server cancelled the stream")
      case .some(.enhanceYourCalm):
        GRPCStatus(.resourceExhausted, "the server asks for fewer calls")
      case .some(let code): GRPCStatus(.internalError, "stream reset: \(code)")
      case .none: GRPCStatus(.unavailable, "\(error)")
      }
    close(status, trailers: HPACKHeaders())
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    close(GRPCStatus(.unavailable, "the connection closed"), trailers: HPACKHeaders())
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    close(GRPCStatus(.unavailable, "the connection closed"), trailers: HPACKHeaders())
    self.context = nil
  }

  // MARK: Inbound

  private func received(_ headers: HPACKHeaders, endStream: Bool) {
    if !receivedHeaders {
      let status = headers.first(name: ":status") ?? ""
      guard !status.hasPrefix("1") else { return }
      receivedHeaders = true
      guard status == "200" else {
        end(.forHTTPStatus(status), trailers: headers)
        return
      }
      if !endStream {
        handler?.headersReceived(headers)
      }
    }
    guard endStream else { return }
    guard let number = headers.first(name: "grpc-status").flatMap({ Int($0) }) else {
      end(GRPCStatus(.internalError, "the response has no status"), trailers: headers)
      return
    }
    let message = headers.first(name: "grpc-message").map { GRPCMessageEncoding.decode($0) } ?? ""
    end(GRPCStatus(GRPCStatus.Code(rawValue: number) ?? .unknown, message), trailers: headers)
  }

  private func deliverMessages() {
    while readingEnabled, let handler {
      do throws(GRPCStatus) {
        guard let message = try decoder.next() else {
          if let ending {
            close(ending.status, trailers: ending.trailers)
          }
          return
        }
        handler.messageReceived(message)
      } catch {
        cancel(error)
      }
    }
  }

  private func end(_ status: GRPCStatus, trailers: HPACKHeaders) {
    guard ending == nil else { return }
    ending = (status, trailers)
    deliverMessages()
  }

  // MARK: Outbound

  private func open(context: ChannelHandlerContext) {
    guard !isOpen else { return }
    isOpen = true
    let endStream = wantsHalfClose && outbound.isEmpty
    wroteHalfClose = endStream
    let payload = HTTP2Frame.FramePayload.Headers(headers: requestHeaders, endStream: endStream)
    // Headers and a message that waits for them travel in one packet.
    context.write(wrapOutboundOut(.headers(payload)), promise: nil)
    drain()
    context.flush()
    context.read()
  }

  private func drain() {
    guard !isDraining, isOpen, !wroteHalfClose, handler != nil, let context else { return }
    isDraining = true
    var budget = Self.writeQuantum
    var wrote = false
    while budget > 0, context.channel.isWritable, let bytes = outbound.next(limit: budget) {
      budget -= bytes.readableBytes
      if outbound.isEmpty, wantsHalfClose {
        wroteHalfClose = true
      }
      let data = HTTP2Frame.FramePayload.Data(data: .byteBuffer(bytes), endStream: wroteHalfClose)
      context.write(wrapOutboundOut(.data(data)), promise: nil)
      wrote = true
    }
    if outbound.isEmpty, wantsHalfClose, !wroteHalfClose {
      wroteHalfClose = true
      let data = HTTP2Frame.FramePayload.Data(data: .byteBuffer(ByteBuffer()), endStream: true)
      context.write(wrapOutboundOut(.data(data)), promise: nil)
      wrote = true
    }
    if wrote {
      context.flush()
    }
    isDraining = false
    if !outbound.isEmpty, context.channel.isWritable {
      let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
      context.eventLoop.execute { bound.value.drain() }
    }
    if outbound.isEmpty != wasWritable {
      wasWritable = outbound.isEmpty
      handler?.writabilityChanged(wasWritable)
    }
  }

  private func close(_ status: GRPCStatus, trailers: HPACKHeaders) {
    guard let handler else { return }
    self.handler = nil
    decoder.reset()
    outbound.removeAll()
    handler.closed(status, trailers: trailers)
    if !wroteHalfClose, let context, context.channel.isActive {
      // The server has ended the call; nothing of ours can interest it.
      context.close(promise: nil)
    }
  }
}
