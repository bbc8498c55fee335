internal import NIOCore
internal import NIOHTTP2
internal import NIOSSL

/// One connection of a server: keepalive, ping policing, age, draining, and the accounts of its
/// streams. Sits behind the HTTP/2 handler and sees the frames of stream 0.
final class GRPCServerConnection: ChannelInboundHandler {
  typealias InboundIn = HTTP2Frame
  typealias OutboundOut = HTTP2Frame

  private enum Phase {
    case handshaking
    case open
    /// GOAWAY with the highest id is sent; its ping tells when the client has seen it.
    case announced
    /// The final GOAWAY is sent; the connection closes with its last stream.
    case draining
  }

  private static let keepalivePing = HTTP2PingData(withInteger: 0x736B_6569_6E00_0001)
  private static let drainPing = HTTP2PingData(withInteger: 0x736B_6569_6E00_0002)
  /// Pings above the allowed rate that are forgiven.
  private static let maximumPingStrikes = 2
  /// How long after data from this side pings are not counted.
  private static let measuringTime = TimeAmount.seconds(5)

  let configuration: GRPCServerConfiguration
  private let services: [GRPCMethodPath: any GRPCService]
  private let isTLS: Bool
  /// The most bytes that a stream writes at one time.
  ///
  /// NIOSSL keeps a buffer as large as the largest write it ever encrypted, for as long as the
  /// connection lives; one record's worth keeps that small.
  var writeQuantum: Int { isTLS ? 16_384 : 65_536 }
  private let eventLoop: any EventLoop

  private var context: ChannelHandlerContext?
  private var phase = Phase.handshaking
  private var streams: [ObjectIdentifier: GRPCServerStream] = [:]
  private var lastStreamID = HTTP2StreamID.rootStream
  private var certificateChain: [[UInt8]] = []
  private var cachedPeer: GRPCPeer?
  private var pendingAdmissions = 0
  private var bufferedBytes = 0
  private var lastRead = NIODeadline.now()
  private var awaitsKeepaliveAnswer = false
  private var lastPing: NIODeadline?
  private var lastWrite: NIODeadline?
  private var pingStrikes = 0
  private var keepaliveTimer: Scheduled<Void>?
  private var phaseTimer: Scheduled<Void>?

  init(
    configuration: GRPCServerConfiguration, services: [GRPCMethodPath: any GRPCService],
    isTLS: Bool, eventLoop: any EventLoop
  ) {
    self.configuration = configuration
    self.services = services
    self.isTLS = isTLS
    self.eventLoop = eventLoop
  }

  // MARK: Used by the streams

  var peer: GRPCPeer {
    if let cachedPeer { return cachedPeer }
    let peer = GRPCPeer(
      remoteAddress: context?.channel.remoteAddress, isTLS: isTLS,
      certificateChainDER: certificateChain.isEmpty ? resumedCertificates : certificateChain)
    cachedPeer = peer
    return peer
  }

  /// The client's certificate where the TLS session is an earlier one resumed: such a handshake carries
  /// no certificates and calls no verification hook, but the session remembers the leaf.
  private var resumedCertificates: [[UInt8]] {
    guard isTLS, let pipeline = context?.pipeline.syncOperations,
      let leaf = try? pipeline.nioSSL_peerCertificate(), let der = try? leaf.toDERBytes()
    else { return [] }
    return [der]
  }

  func service(for path: GRPCMethodPath) -> (any GRPCService)? { services[path] }

  func streamOpened(_ stream: GRPCServerStream) {
    streams[ObjectIdentifier(stream)] = stream
  }

  func received(streamID: HTTP2StreamID) {
    lastStreamID = max(lastStreamID, streamID)
  }

  func streamClosed(_ stream: GRPCServerStream) {
    streams.removeValue(forKey: ObjectIdentifier(stream))
    guard case .draining = phase, streams.isEmpty else { return }
    // The frame that ended the stream may not have been flushed yet.
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    eventLoop.execute { bound.value.context?.close(promise: nil) }
  }

  func beginAdmission() -> Bool {
    guard pendingAdmissions < configuration.maximumPendingAdmissions else { return false }
    pendingAdmissions += 1
    return true
  }

  func endAdmission() {
    pendingAdmissions -= 1
  }

  /// Adds to the bytes of incomplete messages; false when the connection holds too many.
  func accountBufferedBytes(_ change: Int) -> Bool {
    bufferedBytes += change
    return bufferedBytes <= configuration.maximumBufferedRequestBytes
  }

  /// Data from this side gives a client reason to ping: gRPC clients measure the bandwidth with
  /// one ping after the other while they read.
  func wroteData() {
    lastWrite = .now()
    pingStrikes = 0
    lastPing = nil
  }

  // MARK: Used by the server

  func recordCertificates(_ chain: [[UInt8]]) {
    certificateChain = chain
    cachedPeer = nil
  }

  /// Ends the connection gracefully: no new calls, endless calls end with `unavailable` now, the
  /// others have the drain timeout.
  func drain() {
    switch phase {
    case .handshaking:
      context?.close(promise: nil)
      return
    case .open:
      break
    case .announced, .draining:
      return
    }
    phase = .announced
    write(.goAway(lastStreamID: .maxID, errorCode: .noError, opaqueData: nil))
    write(.ping(Self.drainPing, ack: false))
    context?.flush()
    for stream in Array(streams.values) where stream.endsWhenDraining {
      stream.finish(GRPCStatus(.unavailable, "the server shuts this connection down"))
    }
    phaseTimer?.cancel()
    phaseTimer = schedule(after: configuration.drainTimeout) { $0.context?.close(promise: nil) }
  }

  // MARK: Channel events

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    if context.channel.isActive {
      start()
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    stopTimers()
    self.context = nil
  }

  func channelActive(context: ChannelHandlerContext) {
    start()
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    stopTimers()
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data).payload {
    case .settings where phase == .handshaking:
      becomeOpen()
    case .ping(let data, ack: true) where data == Self.drainPing && phase == .announced:
      finishAnnouncement()
    case .ping(_, ack: false):
      police()
    default:
      break
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is GRPCDrainEvent {
      drain()
    }
    context.fireUserInboundEventTriggered(event)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    lastRead = .now()
    awaitsKeepaliveAnswer = false
    context.fireChannelReadComplete()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case is NIOHTTP2Errors.NoSuchStream, is NIOHTTP2Errors.StreamClosed,
      is NIOHTTP2Errors.StreamError:
      // Late frames of a stream that is gone concern that stream alone.
      break
    default:
      context.close(promise: nil)
    }
  }

  // MARK: Timers

  private func start() {
    guard phaseTimer == nil else { return }
    phaseTimer = schedule(after: configuration.handshakeTimeout) { connection in
      if connection.phase == .handshaking {
        connection.context?.close(promise: nil)
      }
    }
  }

  private func becomeOpen() {
    phase = .open
    phaseTimer?.cancel()
    if let age = configuration.maximumConnectionAge {
      phaseTimer = schedule(after: age * Double.random(in: 0.9...1.1)) { $0.drain() }
    }
    scheduleKeepalive(after: configuration.keepaliveTime)
  }

  private func scheduleKeepalive(after delay: Duration) {
    keepaliveTimer = schedule(after: delay) { $0.keepaliveFired() }
  }

  private func keepaliveFired() {
    if awaitsKeepaliveAnswer {
      context?.close(promise: nil)
      return
    }
    let idle = NIODeadline.now() - lastRead
    let limit = TimeAmount(configuration.keepaliveTime)
    guard idle >= limit else {
      scheduleKeepalive(after: Duration(limit - idle))
      return
    }
    awaitsKeepaliveAnswer = true
    write(.ping(Self.keepalivePing, ack: false))
    context?.flush()
    scheduleKeepalive(after: configuration.keepaliveTimeout)
  }

  private func stopTimers() {
    keepaliveTimer?.cancel()
    phaseTimer?.cancel()
    keepaliveTimer = nil
    phaseTimer = nil
  }

  private func schedule(
    after delay: Duration, _ body: @escaping @Sendable (GRPCServerConnection) -> Void
  ) -> Scheduled<Void> {
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    return eventLoop.scheduleTask(in: TimeAmount(delay)) { body(bound.value) }
  }

  // MARK: Frames

  private func finishAnnouncement() {
    phase = .draining
    write(.goAway(lastStreamID: lastStreamID, errorCode: .noError, opaqueData: nil))
    context?.flush()
    if streams.isEmpty {
      context?.close(promise: nil)
    }
  }

  private func police() {
    let now = NIODeadline.now()
    if let lastWrite, now - lastWrite < Self.measuringTime { return }
    defer { lastPing = now }
    guard let lastPing, now - lastPing < TimeAmount(configuration.minimumPingInterval) else {
      return
    }
    pingStrikes += 1
    guard pingStrikes > Self.maximumPingStrikes else { return }
    write(
      .goAway(
        lastStreamID: lastStreamID, errorCode: .enhanceYourCalm,
        opaqueData: ByteBuffer(string: "too_many_pings")))
    context?.flush()
    context?.close(promise: nil)
  }

  private func write(_ payload: HTTP2Frame.FramePayload) {
    guard let context else { return }
    let frame = HTTP2Frame(streamID: .rootStream, payload: payload)
    context.write(wrapOutboundOut(frame), promise: nil)
  }
}
