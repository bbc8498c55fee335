internal import NIOCore
internal import NIOHPACK
internal import NIOHTTP2

/// One HTTP/2 stream of a server: turns frames into the events of a call and back.
final class GRPCServerStream: ChannelInboundHandler {
  typealias InboundIn = HTTP2Frame.FramePayload
  typealias OutboundOut = HTTP2Frame.FramePayload

  /// How much is written before other streams of the loop get their turn.

  private enum State {
    /// Waits for the request headers.
    case opening
    /// The service has not decided yet; nothing is read.
    case admitting
    case serving(any GRPCCallHandler)
    /// The status is decided; what was sent before still drains.
    case finishing(GRPCStatus, handler: (any GRPCCallHandler)?)
    case closed
  }

  private let connection: GRPCServerConnection
  private var state = State.opening
  private var context: ChannelHandlerContext?
  private var call: GRPCServerCall?
  private var decoder = MessageDecoder(maximumMessageSize: 0)
  private var outbound = OutboundMessages()
  private var accountedBytes = 0
  private var readingEnabled = true
  private var wroteHeaders = false
  private var wroteTrailers = false
  private var clientHalfClosed = false
  private var deliveredHalfClose = false
  private var isDraining = false
  private var wasWritable = true

  init(connection: GRPCServerConnection) {
    self.connection = connection
  }

  /// Whether a graceful shutdown of the connection ends this call at once.
  var endsWhenDraining: Bool {
    switch state {
    case .serving(let handler): handler.endsWhenDraining
    case .admitting, .opening: true
    case .finishing, .closed: false
    }
  }

  // MARK: Used by the call

  func send(_ parts: [ByteBuffer]) {
    if append(parts) {
      drain()
    }
  }

  func finish(_ status: GRPCStatus, sending parts: [ByteBuffer]) {
    if append(parts) {
      finish(status)
    }
  }

  /// Takes a message to be written; false when the call is over or ends here.
  private func append(_ parts: [ByteBuffer]) -> Bool {
    switch state {
    case .admitting, .serving: break
    case .opening, .finishing, .closed: return false
    }
    guard outbound.append(parts) else {
      finish(GRPCStatus(.internalError, "message too long"))
      return false
    }
    guard outbound.pendingBytes <= connection.configuration.maximumPendingBytesPerCall else {
      outbound.removeAll()
      finish(GRPCStatus(.resourceExhausted, "the client does not read"))
      return false
    }
    return true
  }

  func finish(_ status: GRPCStatus) {
    switch state {
    case .opening, .admitting:
      state = .finishing(status, handler: nil)
    case .serving(let handler):
      state = .finishing(status, handler: handler)
    case .finishing, .closed:
      return
    }
    decoder.reset()
    account()
    drain()
  }

  func setReading(_ enabled: Bool) {
    guard enabled != readingEnabled else { return }
    readingEnabled = enabled
    guard enabled, case .serving = state else { return }
    deliverMessages()
    context?.read()
  }

  // MARK: Channel events

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    connection.streamOpened(self)
  }

  func channelActive(context: ChannelHandlerContext) {
    context.fireChannelActive()
    context.read()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .headers(let headers):
      if case .opening = state {
        open(headers.headers, context: context)
      }
      if headers.endStream {
        receivedEndStream()
      }
    case .data(let payload):
      if case .byteBuffer(let bytes) = payload.data {
        received(bytes)
      }
      if payload.endStream {
        receivedEndStream()
      }
    default:
      break
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    switch state {
    case .serving where !readingEnabled: break
    case .admitting: break
    default: context.read()
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      drain()
    }
    context.fireChannelWritabilityChanged()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if error is NIOHTTP2Errors.StreamClosed {
      close(.cancelled)
    } else {
      close(.connectionClosed)
    }
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    close(.connectionClosed)
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    close(.connectionClosed)
    self.context = nil
  }

  // MARK: Admission

  private func open(_ headers: HPACKHeaders, context: ChannelHandlerContext) {
    if let id = try? context.channel.syncOptions?.getOption(HTTP2StreamChannelOptions.streamID) {
      connection.received(streamID: id)
    }
    guard headers.first(name: ":method") == "POST" else {
      refuse(httpStatus: "405")
      return
    }
    guard let contentType = headers.first(name: "content-type"), isGRPC(contentType) else {
      refuse(httpStatus: "415")
      return
    }
    guard let header = headers.first(name: ":path"), let path = GRPCMethodPath(header: header),
      let service = connection.service(for: path)
    else {
      finish(GRPCStatus(.unimplemented, "unknown method"))
      return
    }
    guard connection.beginAdmission() else {
      finish(GRPCStatus(.unavailable, "too many calls wait for authentication"))
      return
    }
    state = .admitting
    let call = GRPCServerCall(
      eventLoop: context.eventLoop, path: path, headers: headers, peer: connection.peer,
      stream: self)
    self.call = call
    decide(service.accept(call))
  }

  private func decide(_ admission: GRPCAdmission) {
    guard case .admitting = state, let context else {
      connection.endAdmission()
      return
    }
    switch admission {
    case .reject(let status):
      connection.endAdmission()
      finish(status)
    case .accept(let handler, let maximumMessageSize):
      connection.endAdmission()
      decoder.maximumMessageSize = maximumMessageSize
      state = .serving(handler)
      deliverMessages()
      if readingEnabled {
        context.read()
      }
    case .later(let future):
      let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
      future.hop(to: context.eventLoop).whenComplete { result in
        switch result {
        case .success(let decision): bound.value.decide(decision())
        case .failure(let error as GRPCStatus): bound.value.decide(.reject(error))
        case .failure: bound.value.decide(.reject(GRPCStatus(.internalError, "not admitted")))
        }
      }
    }
  }

  private func isGRPC(_ contentType: String) -> Bool {
    let prefix = "application/grpc"
    guard contentType.utf8.starts(with: prefix.utf8) else { return false }
    let next = contentType.utf8.dropFirst(prefix.utf8.count).first
    return next == nil || next == UInt8(ascii: "+") || next == UInt8(ascii: ";")
  }

  private func refuse(httpStatus: String) {
    guard let context else { return }
    state = .finishing(GRPCStatus(.unknown), handler: nil)
    wroteHeaders = true
    wroteTrailers = true
    let headers = HPACKHeaders([(":status", httpStatus)])
    writeLast(.headers(.init(headers: headers, endStream: true)), context: context)
  }

  // MARK: Inbound

  private func received(_ bytes: ByteBuffer) {
    switch state {
    case .serving, .admitting: break
    case .opening, .finishing, .closed: return
    }
    decoder.append(bytes)
    deliverMessages()
    account()
  }

  private func deliverMessages() {
    while readingEnabled, case .serving(let handler) = state {
      do throws(GRPCStatus) {
        guard let message = try decoder.next() else {
          deliverHalfClose(handler)
          return
        }
        handler.messageReceived(message)
      } catch {
        finish(error)
      }
    }
  }

  private func deliverHalfClose(_ handler: any GRPCCallHandler) {
    guard clientHalfClosed, !deliveredHalfClose else { return }
    guard decoder.bufferedBytes == 0 else {
      finish(GRPCStatus(.internalError, "the stream ended inside a message"))
      return
    }
    deliveredHalfClose = true
    handler.halfClosed()
  }

  private func receivedEndStream() {
    guard !clientHalfClosed else { return }
    clientHalfClosed = true
    deliverMessages()
  }

  private func account() {
    let bytes = decoder.bufferedBytes
    let change = bytes - accountedBytes
    guard change != 0 else { return }
    accountedBytes = bytes
    guard connection.accountBufferedBytes(change) || change < 0 else {
      finish(GRPCStatus(.resourceExhausted, "too many incomplete messages on this connection"))
      return
    }
  }

  // MARK: Outbound

  /// Writes what waits, at most one quantum; the rest follows when the channel is writable.
  private func drain() {
    guard !isDraining, let context, !wroteTrailers else { return }
    isDraining = true
    var budget = connection.writeQuantum
    var wrote = false
    while budget > 0, context.channel.isWritable, let bytes = outbound.next(limit: budget) {
      budget -= bytes.readableBytes
      writeHeadersIfNeeded(context: context)
      let data = HTTP2Frame.FramePayload.Data(data: .byteBuffer(bytes))
      context.write(wrapOutboundOut(.data(data)), promise: nil)
      wrote = true
    }
    if outbound.isEmpty, case .finishing(let status, _) = state {
      isDraining = false
      call?.recordPendingBytes(0)
      writeTrailers(status, context: context)
      return
    }
    if wrote {
      connection.wroteData()
      context.flush()
    }
    isDraining = false
    call?.recordPendingBytes(outbound.pendingBytes)
    if !outbound.isEmpty, context.channel.isWritable {
      let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
      context.eventLoop.execute { bound.value.drain() }
    }
    reportWritability()
  }

  private func reportWritability() {
    let isWritable = outbound.isEmpty
    guard isWritable != wasWritable else { return }
    wasWritable = isWritable
    if case .serving(let handler) = state {
      handler.writabilityChanged(isWritable)
    }
  }

  private func writeHeadersIfNeeded(context: ChannelHandlerContext) {
    guard !wroteHeaders else { return }
    wroteHeaders = true
    let headers = HPACKHeaders([(":status", "200"), ("content-type", "application/grpc")])
    context.write(wrapOutboundOut(.headers(.init(headers: headers))), promise: nil)
  }

  private func writeTrailers(_ status: GRPCStatus, context: ChannelHandlerContext) {
    wroteTrailers = true
    var fields = [("grpc-status", String(status.code.rawValue))]
    if !status.message.isEmpty {
      fields.append(("grpc-message", GRPCMessageEncoding.encode(status.message)))
    }
    if !wroteHeaders {
      fields = [(":status", "200"), ("content-type", "application/grpc")] + fields
      wroteHeaders = true
    }
    connection.wroteData()
    writeLast(.headers(.init(headers: HPACKHeaders(fields), endStream: true)), context: context)
  }

  /// Writes the frame that ends the response, and then asks the client to stop sending.
  private func writeLast(_ payload: HTTP2Frame.FramePayload, context: ChannelHandlerContext) {
    let promise = context.eventLoop.makePromise(of: Void.self)
    let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
    promise.futureResult.whenComplete { _ in bound.value.wroteLast() }
    context.writeAndFlush(wrapOutboundOut(payload), promise: promise)
  }

  private func wroteLast() {
    guard let context, case .finishing(let status, _) = state else { return }
    close(.finished(status))
    if !clientHalfClosed {
      // Without this the stream would stay until the client ends it (RFC 9113, section 8.1).
      context.writeAndFlush(wrapOutboundOut(.rstStream(.noError)), promise: nil)
    }
  }

  // MARK: End

  private func close(_ reason: GRPCCloseReason) {
    var handler: (any GRPCCallHandler)?
    var reason = reason
    switch state {
    case .opening: break
    // A decision that is still under way ends its own admission.
    case .admitting: break
    case .serving(let serving): handler = serving
    case .finishing(let status, let finishing):
      handler = finishing
      if wroteTrailers {
        reason = .finished(status)
      }
    case .closed: return
    }
    state = .closed
    decoder.reset()
    outbound.removeAll()
    call?.recordPendingBytes(0)
    _ = connection.accountBufferedBytes(-accountedBytes)
    accountedBytes = 0
    connection.streamClosed(self)
    call = nil
    handler?.closed(reason)
  }
}
