import GRPCTransport
import NIOCore
import NIOHPACK
import Synchronization
import Testing

@Suite struct CallTests {
  @Test(arguments: [0, 1, 100, 16_384, 70_000, 1_048_576])
  func `A message of any size comes back whole`(size: Int) async throws {
    let service = EchoService()
    try await withServer(services: [service]) { address, _ in
      let connection = try await GRPCClientConnection.connect(to: address)
      let collector = Collector()
      let call = try await connection.openCall(echoPath) { _ in collector }.get()
      let message = ByteBuffer(bytes: (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) })
      call.send([message])
      call.send([message.getSlice(at: 0, length: size / 3) ?? ByteBuffer()])
      call.halfClose()
      #expect(await collector.finalStatus() == .ok)
      #expect(collector.messages.map(\.readableBytes) == [size, size / 3])
      #expect(collector.messages.first == message)
      #expect(service.record.all == [.finished(.ok)])
      await connection.close()
    }
  }

  @Test func `Many calls share one connection`() async throws {
    try await withServer(services: [EchoService()]) { address, _ in
      let connection = try await GRPCClientConnection.connect(to: address)
      var collectors: [Collector] = []
      for index in 0..<300 {
        let collector = Collector()
        collectors.append(collector)
        let call = try await connection.openCall(echoPath) { _ in collector }.get()
        call.send([ByteBuffer(string: "call \(index)")])
        call.halfClose()
      }
      for (index, collector) in collectors.enumerated() {
        #expect(await collector.finalStatus() == .ok)
        #expect(collector.messages.map { String(buffer: $0) } == ["call \(index)"])
      }
      await connection.close()
    }
  }

  @Test func `A refused call gets its status and message before any message is read`()
    async throws
  {
    try await withServer(services: [EchoService()]) { address, _ in
      let connection = try await GRPCClientConnection.connect(to: address)
      let collector = Collector()
      _ = try await connection.openCall(rejectedPath) { _ in collector }.get()
      #expect(
        await collector.finalStatus()
          == GRPCStatus(.unauthenticated, "request authenticate failure — 100 %"))
      await connection.close()
    }
  }

  @Test func `A late admission loses no message and keeps their order`() async throws {
    try await withServer(services: [EchoService()]) { address, _ in
      let connection = try await GRPCClientConnection.connect(to: address)
      let collector = Collector()
      let call = try await connection.openCall(delayedPath) { _ in collector }.get()
      for index in 0..<50 {
        call.send([ByteBuffer(string: "\(index)"), ByteBuffer(repeating: 0, count: 9000)])
      }
      call.halfClose()
      #expect(await collector.finalStatus() == .ok)
      #expect(collector.messages.count == 50)
      await connection.close()
    }
  }

  @Test func `An unknown method is unimplemented`() async throws {
    try await withServer(services: [EchoService()]) { address, _ in
      let connection = try await GRPCClientConnection.connect(to: address)
      let collector = Collector()
      let path = GRPCMethodPath(service: "test.Echo", method: "Missing")
      _ = try await connection.openCall(path) { _ in collector }.get()
      #expect(await collector.finalStatus()?.code == .unimplemented)
      await connection.close()
    }
  }

  @Test func `A message above the limit ends the call and not the connection`() async throws {
    try await withServer(services: [EchoService()]) { address, _ in
      let connection = try await GRPCClientConnection.connect(to: address)
      let large = Collector()
      let call = try await connection.openCall(echoPath) { _ in large }.get()
      call.send([ByteBuffer(repeating: 1, count: 1_100_001)])
      #expect(await large.finalStatus()?.code == .resourceExhausted)
      let small = Collector()
      let next = try await connection.openCall(echoPath) { _ in small }.get()
      next.send([ByteBuffer(string: "still here")])
      next.halfClose()
      #expect(await small.finalStatus() == .ok)
      await connection.close()
    }
  }

  @Test func `A client that resets its call is reported as cancelled`() async throws {
    let service = EchoService()
    try await withServer(services: [service]) { address, _ in
      let connection = try await GRPCClientConnection.connect(to: address)
      let collector = Collector()
      let call = try await connection.openCall(echoPath) { _ in collector }.get()
      call.send([ByteBuffer(string: "x")])
      await eventually { !collector.messages.isEmpty }
      call.cancel()
      await expectEventually { service.record.all == [.cancelled] }
      #expect(collector.status?.code == .cancelled)
      await connection.close()
    }
  }

  @Test func `A connection that breaks ends its calls on both sides`() async throws {
    let service = EchoService()
    try await withServer(services: [service]) { address, _ in
      let connection = try await GRPCClientConnection.connect(to: address)
      let collector = Collector()
      let call = try await connection.openCall(echoPath) { _ in collector }.get()
      call.send([ByteBuffer(string: "x")])
      await eventually { !collector.messages.isEmpty }
      await connection.close()
      #expect(await collector.finalStatus()?.code == .unavailable)
      await expectEventually { service.record.all.count == 1 }
    }
  }

  @Test func `A slow reader holds back the server and then gets everything`() async throws {
    let service = EchoService()
    try await withServer(services: [service]) { address, _ in
      let connection = try await GRPCClientConnection.connect(to: address)
      let collector = Collector()
      let call = try await connection.openCall(floodPath) { call in
        call.setReading(false)
        return collector
      }.get()
      await expectEventually { service.floodCall.withLock { $0 } != nil }
      let server = try #require(service.floodCall.withLock { $0 })
      await expectEventually { server.pendingBytes > 8_000_000 && server.pendingBytes < 16_700_000 }
      #expect(!server.isWritable)
      #expect(collector.messages.isEmpty)
      call.setReading(true)
      await expectEventually { collector.messages.count == 64 }
      await expectEventually { server.isWritable }
      call.halfClose()
      #expect(await collector.finalStatus() == .ok)
      await connection.close()
    }
  }

  @Test func `A client that never reads is cut off at the limit`() async throws {
    var configuration = GRPCServerConfiguration()
    configuration.maximumPendingBytesPerCall = 4_000_000
    let service = EchoService()
    try await withServer(services: [service], configuration: configuration) { address, _ in
      let connection = try await GRPCClientConnection.connect(to: address)
      let collector = Collector()
      _ = try await connection.openCall(floodPath) { _ in collector }.get()
      #expect(await collector.finalStatus()?.code == .resourceExhausted)
      await connection.close()
    }
  }

  @Test func `A unary call answers, fails, and runs out of time`() async throws {
    let service = GRPCUnaryService(path: unaryPath) { request, call throws(GRPCStatus) in
      let text = String(buffer: request)
      switch text {
      case "fail": throw GRPCStatus(.invalidArgument, "no: \(call.headers["x-test"])")
      case "wait":
        _ = try? await call.eventLoop.scheduleTask(in: .seconds(30)) {}.futureResult.get()
        return request
      default: return ByteBuffer(string: text.uppercased())
      }
    }
    var configuration = GRPCServerConfiguration()
    configuration.drainTimeout = .milliseconds(100)
    try await withServer(services: [service], configuration: configuration) { address, _ in
      let connection = try await GRPCClientConnection.connect(to: address)
      let answer = try await connection.unary(
        unaryPath, message: ByteBuffer(string: "hello"), timeout: .seconds(5))
      #expect(String(buffer: answer) == "HELLO")
      await #expect(throws: GRPCStatus(.invalidArgument, "no: [\"1\"]")) {
        try await connection.unary(
          unaryPath, headers: ["x-test": "1"], message: ByteBuffer(string: "fail"),
          timeout: .seconds(5))
      }
      await #expect(throws: GRPCStatus(.deadlineExceeded, "no answer within 0.2 seconds")) {
        try await connection.unary(
          unaryPath, message: ByteBuffer(string: "wait"), timeout: .milliseconds(200))
      }
      await connection.close()
    }
  }

  @Test func `A unix socket serves and is private`() async throws {
    let path = "/tmp/skein-grpc-\(UInt64.random(in: 0...UInt64.max)).sock"
    try await withServer(services: [EchoService()], address: .unixSocket(path: path)) {
      address, _ in
      let connection = try await GRPCClientConnection.connect(to: address)
      let collector = Collector()
      let call = try await connection.openCall(echoPath) { _ in collector }.get()
      call.send([ByteBuffer(string: "x")])
      call.halfClose()
      #expect(await collector.finalStatus() == .ok)
      await connection.close()
    }
  }
}
