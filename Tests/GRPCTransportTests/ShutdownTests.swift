import GRPCTransport
import NIOCore
import Synchronization
import Testing

@Suite struct ShutdownTests {
  @Test func `A shutdown ends streams with unavailable and lets unary calls finish`() async throws {
    let service = EchoService()
    let started = Atomic<Bool>(false)
    let unary = GRPCUnaryService(path: unaryPath) { request, call throws(GRPCStatus) in
      started.store(true, ordering: .relaxed)
      _ = try? await call.eventLoop.scheduleTask(in: .milliseconds(300)) {}.futureResult.get()
      return request
    }
    try await withServer(services: [service, unary]) { address, server in
      let connection = try await GRPCClientConnection.connect(to: address)
      let collector = Collector()
      let call = try await connection.openCall(echoPath) { _ in collector }.get()
      call.send([ByteBuffer(string: "x")])
      await eventually { !collector.messages.isEmpty }
      async let answer = connection.unary(
        unaryPath, message: ByteBuffer(string: "y"), timeout: .seconds(5))
      await expectEventually { started.load(ordering: .relaxed) }
      let clock = ContinuousClock()
      let elapsed = await clock.measure { await server.shutdown() }
      #expect(elapsed < .seconds(5))
      #expect(await collector.finalStatus()?.code == .unavailable)
      #expect(String(buffer: try await answer) == "y")
      #expect(!connection.isUsable)
    }
  }

  @Test func `An old connection is drained`() async throws {
    var configuration = GRPCServerConfiguration()
    configuration.maximumConnectionAge = .milliseconds(200)
    let service = EchoService()
    try await withServer(services: [service], configuration: configuration) { address, _ in
      let connection = try await GRPCClientConnection.connect(to: address)
      let collector = Collector()
      let call = try await connection.openCall(echoPath) { _ in collector }.get()
      call.send([ByteBuffer(string: "x")])
      #expect(await collector.finalStatus()?.code == .unavailable)
      await expectEventually { !connection.isUsable }
    }
  }
}
