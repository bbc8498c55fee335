import GRPCTransport
import NIOCore
import Synchronization
import Testing

@Suite struct HostilePeerTests {
  /// The client preface and an empty SETTINGS frame.
  static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]

  /// A POST of the echo method with literal headers (RFC 7541, 6.2.2), as one HEADERS frame.
  static func request(
    stream: UInt8, method: String = "POST", path: String = "/test.Echo/Stream",
    contentType: String? = "application/grpc", endStream: Bool = false
  ) -> [UInt8] {
    var block: [UInt8] = []
    var fields = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "x")]
    if let contentType { fields.append(("content-type", contentType)) }
    for (name, value) in fields {
      block += [0, UInt8(name.utf8.count)] + Array(name.utf8)
      block += [UInt8(value.utf8.count)] + Array(value.utf8)
    }
    return frame(type: 1, flags: endStream ? 5 : 4, stream: stream, payload: block)
  }

  static func frame(type: UInt8, flags: UInt8, stream: UInt8, payload: [UInt8]) -> [UInt8] {
    let length = payload.count
    return [UInt8(length >> 16), UInt8(length >> 8 & 255), UInt8(length & 255), type, flags]
      + [0, 0, 0, stream] + payload
  }

  static let attacks: [(String, [UInt8])] = [
    ("noise", (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 97 &+ 13) }),
    ("HTTP/1.1", Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8)),
    ("an oversized frame", preface + [255, 255, 255, 0, 0, 0, 0, 0, 1]),
    ("DATA on stream 0", preface + frame(type: 0, flags: 0, stream: 0, payload: [1, 2, 3])),
    (
      "a broken header block",
      preface + frame(type: 1, flags: 4, stream: 1, payload: [255, 255, 255, 255, 255, 255])
    ),
    ("CONTINUATION without HEADERS", preface + frame(type: 9, flags: 4, stream: 1, payload: [0])),
    ("SETTINGS of a wrong length", preface + frame(type: 4, flags: 0, stream: 0, payload: [0, 1])),
    (
      "a window above the maximum",
      preface + frame(type: 8, flags: 0, stream: 0, payload: [127, 255, 255, 255])
    ),
    ("a stream id that goes back", preface + request(stream: 3) + request(stream: 1)),
  ]

  @Test(arguments: attacks.indices)
  func `A broken connection is closed and the server goes on`(index: Int) async throws {
    let (_, bytes) = Self.attacks[index]
    try await withServer(services: [EchoService()]) { address, _ in
      let (channel, _) = try await RawClient.connect(to: address)
      try? await channel.writeAndFlush(ByteBuffer(bytes: bytes))
      await expectEventually { !channel.isActive }
      try await expectEcho(address)
    }
  }

  @Test(
    arguments: [
      // The expected statuses, 415 and 405, in HPACK's Huffman code.
      (request(stream: 1, contentType: "application/json"), [0x68, 0x2D, 0xFF]),
      (request(stream: 1, contentType: nil), [0x68, 0x2D, 0xFF]),
      (request(stream: 1, contentType: "application/grpcx"), [0x68, 0x2D, 0xFF]),
      (request(stream: 1, method: "PUT"), [0x68, 0x0D, 0xFF]),
    ] as [([UInt8], [UInt8])])
  func `A request that is not gRPC gets an HTTP status`(
    bytes: [UInt8], status: [UInt8]
  )
    async throws
  {
    try await withServer(services: [EchoService()]) { address, _ in
      let (channel, received) = try await RawClient.connect(to: address)
      try await channel.writeAndFlush(ByteBuffer(bytes: Self.preface + bytes))
      await expectEventually { received.contains(status) }
      #expect(channel.isActive)
      try? await channel.close()
    }
  }

  @Test(arguments: [
    ([1, 0, 0, 0, 1, 0], GRPCStatus.Code.unimplemented),
    ([9, 0, 0, 0, 1, 0], GRPCStatus.Code.internalError),
    ([0, 255, 255, 255, 255, 0], GRPCStatus.Code.resourceExhausted),
  ])
  func `A broken message ends its call with the right status`(
    bytes: [UInt8], code: GRPCStatus.Code
  ) async throws {
    let service = EchoService()
    try await withServer(services: [service]) { address, _ in
      let (channel, _) = try await RawClient.connect(to: address)
      let data = Self.frame(type: 0, flags: 0, stream: 1, payload: bytes)
      try await channel.writeAndFlush(
        ByteBuffer(bytes: Self.preface + Self.request(stream: 1) + data))
      await expectEventually { service.record.all.count == 1 }
      guard case .finished(let status) = service.record.all.first else {
        Issue.record("not finished: \(service.record.all)")
        return
      }
      #expect(status.code == code)
      #expect(channel.isActive)
      try? await channel.close()
    }
  }

  @Test func `Frames and messages cut anywhere are put together again`() async throws {
    let service = EchoService()
    try await withServer(services: [service]) { address, _ in
      let (channel, received) = try await RawClient.connect(to: address)
      let message: [UInt8] = [0, 0, 0, 0, 6] + Array("piece-".utf8)
      let data = message.map { Self.frame(type: 0, flags: 0, stream: 1, payload: [$0]) }
      let end = Self.frame(type: 0, flags: 1, stream: 1, payload: [])
      let bytes = Self.preface + Self.request(stream: 1) + data.flatMap { $0 } + end
      for byte in bytes {
        try await channel.writeAndFlush(ByteBuffer(bytes: [byte]))
      }
      await expectEventually { service.record.all == [.finished(.ok)] }
      await expectEventually { received.contains(message) }
      try? await channel.close()
    }
  }

  @Test func `Incomplete messages may hold a bounded number of bytes`() async throws {
    var configuration = GRPCServerConfiguration()
    configuration.maximumBufferedRequestBytes = 100_000
    let service = EchoService()
    try await withServer(services: [service], configuration: configuration) { address, _ in
      let (channel, _) = try await RawClient.connect(to: address)
      var bytes = Self.preface
      for stream in [1, 3, 5] as [UInt8] {
        let start: [UInt8] = [0, 0, 0x0F, 0xFF, 0xFF]
        bytes += Self.request(stream: stream)
        for _ in 0..<3 {
          let payload = start + [UInt8](repeating: 0, count: 14_000)
          bytes += Self.frame(type: 0, flags: 0, stream: stream, payload: payload)
        }
      }
      try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
      await expectEventually { service.record.all.count == 1 }
      let reason = try #require(service.record.all.first)
      guard case .finished(let status) = reason else {
        Issue.record("not finished: \(reason)")
        return
      }
      #expect(status.code == .resourceExhausted)
      try? await channel.close()
    }
  }

  @Test func `Calls that wait for authentication are bounded`() async throws {
    var configuration = GRPCServerConfiguration()
    configuration.maximumPendingAdmissions = 3
    let service = EchoService()
    try await withServer(services: [service], configuration: configuration) { address, _ in
      let connection = try await GRPCClientConnection.connect(to: address)
      let waiting = [Collector(), Collector(), Collector()]
      for collector in waiting {
        try await connection.openCall(heldPath) { _ in collector }.get().halfClose()
      }
      await expectEventually { service.held.withLock { $0.count } == 3 }
      let excess = Collector()
      try await connection.openCall(heldPath) { _ in excess }.get().halfClose()
      #expect(await excess.finalStatus()?.code == .unavailable)
      service.release()
      for collector in waiting {
        #expect(await collector.finalStatus() == .ok)
      }
      let next = Collector()
      try await connection.openCall(heldPath) { _ in next }.get().halfClose()
      await expectEventually { service.held.withLock { $0.count } == 1 }
      service.release()
      #expect(await next.finalStatus() == .ok)
      await connection.close()
    }
  }

  @Test func `A stream that ends inside a message is an error`() async throws {
    let service = EchoService()
    try await withServer(services: [service]) { address, _ in
      let (channel, _) = try await RawClient.connect(to: address)
      let data = Self.frame(type: 0, flags: 1, stream: 1, payload: [0, 0, 0, 0, 9, 1])
      try await channel.writeAndFlush(
        ByteBuffer(bytes: Self.preface + Self.request(stream: 1) + data))
      await expectEventually { service.record.all.count == 1 }
      #expect(
        service.record.all == [
          .finished(GRPCStatus(.internalError, "the stream ended inside a message"))
        ])
      try? await channel.close()
    }
  }

  @Test func `A peer that says nothing is closed after the handshake timeout`() async throws {
    var configuration = GRPCServerConfiguration()
    configuration.handshakeTimeout = .milliseconds(100)
    try await withServer(services: [EchoService()], configuration: configuration) { address, _ in
      let (channel, _) = try await RawClient.connect(to: address)
      await expectEventually { !channel.isActive }
    }
  }

  @Test func `A peer that does not answer pings is closed`() async throws {
    var configuration = GRPCServerConfiguration()
    configuration.keepaliveTime = .milliseconds(100)
    configuration.keepaliveTimeout = .milliseconds(100)
    try await withServer(services: [EchoService()], configuration: configuration) { address, _ in
      let (channel, _) = try await RawClient.connect(to: address)
      try await channel.writeAndFlush(ByteBuffer(bytes: Self.preface))
      await expectEventually { !channel.isActive }
    }
  }

  @Test func `A peer may ping often while data comes, to measure its bandwidth`() async throws {
    let service = EchoService()
    try await withServer(services: [service]) { address, _ in
      let (channel, received) = try await RawClient.connect(to: address)
      let message: [UInt8] = [0, 0, 0, 0, 2, 7, 8]
      try await channel.writeAndFlush(
        ByteBuffer(
          bytes: Self.preface + Self.request(stream: 1)
            + Self.frame(type: 0, flags: 0, stream: 1, payload: message)))
      await expectEventually { received.contains(message) }
      let pings = (0..<50).flatMap { number in
        Self.frame(type: 6, flags: 0, stream: 0, payload: [0, 0, 0, 0, 0, 0, 9, UInt8(number)])
      }
      try await channel.writeAndFlush(ByteBuffer(bytes: pings))
      await expectEventually { received.contains([0, 0, 0, 0, 0, 0, 9, 49]) }
      #expect(channel.isActive)
      try? await channel.close()
    }
  }

  @Test func `A peer that pings too often is sent away`() async throws {
    try await withServer(services: [EchoService()]) { address, _ in
      let (channel, _) = try await RawClient.connect(to: address)
      let ping = Self.frame(type: 6, flags: 0, stream: 0, payload: [0, 0, 0, 0, 0, 0, 0, 1])
      // The server may close while this is still being written.
      try? await channel.writeAndFlush(
        ByteBuffer(bytes: Self.preface + ping + ping + ping + ping))
      await expectEventually { !channel.isActive }
    }
  }

  private func expectEcho(_ address: GRPCAddress) async throws {
    let connection = try await GRPCClientConnection.connect(to: address)
    let collector = Collector()
    let call = try await connection.openCall(echoPath) { _ in collector }.get()
    call.send([ByteBuffer(string: "x")])
    call.halfClose()
    #expect(await collector.finalStatus() == .ok)
    await connection.close()
  }
}
