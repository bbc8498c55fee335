import GRPCTransport
import NIOCore
import NIOHPACK
import NIOPosix
import Synchronization
import Testing

let echoPath = GRPCMethodPath(service: "test.Echo", method: "Stream")
let delayedPath = GRPCMethodPath(service: "test.Echo", method: "Delayed")
let heldPath = GRPCMethodPath(service: "test.Echo", method: "Held")
let rejectedPath = GRPCMethodPath(service: "test.Echo", method: "Rejected")
let floodPath = GRPCMethodPath(service: "test.Echo", method: "Flood")
let unaryPath = GRPCMethodPath(service: "test.Echo", method: "Unary")

/// Sends every message back in two parts; ends with `ok` when the client has ended.
final class EchoHandler: GRPCCallHandler {
  private let call: GRPCServerCall
  private let record: CallRecord

  init(call: GRPCServerCall, record: CallRecord) {
    self.call = call
    self.record = record
  }

  func messageReceived(_ message: ByteBuffer) {
    var rest = message
    let head = rest.readSlice(length: rest.readableBytes / 2) ?? ByteBuffer()
    call.send([head, rest])
  }

  func halfClosed() { call.finish(.ok) }

  func closed(_ reason: GRPCCloseReason) { record.append(reason) }
}

/// Why the calls of a server ended.
final class CallRecord: Sendable {
  private let reasons = Mutex<[GRPCCloseReason]>([])

  func append(_ reason: GRPCCloseReason) { reasons.withLock { $0.append(reason) } }

  var all: [GRPCCloseReason] { reasons.withLock { $0 } }
}

/// Echo, a call admitted late, a call refused, and one that sends more than a client may want.
final class EchoService: GRPCService {
  let paths = [echoPath, delayedPath, heldPath, rejectedPath, floodPath]
  let record = CallRecord()
  let floodCall = Mutex<GRPCServerCall?>(nil)
  /// The admissions of held calls, which a test completes.
  let held = Mutex<[(GRPCServerCall, EventLoopPromise<GRPCLateAdmission>)]>([])
  let peers = Mutex<[GRPCPeer]>([])

  func accept(_ call: GRPCServerCall) -> GRPCAdmission {
    peers.withLock { $0.append(call.peer) }
    let record = record
    switch call.path {
    case rejectedPath:
      return .reject(GRPCStatus(.unauthenticated, "request authenticate failure — 100 %"))
    case delayedPath:
      let future = call.eventLoop.scheduleTask(in: .milliseconds(50)) {
        let decision: GRPCLateAdmission = {
          .accept(EchoHandler(call: call, record: record), maximumMessageSize: 1_048_576)
        }
        return decision
      }
      return .later(future.futureResult)
    case heldPath:
      let promise = call.eventLoop.makePromise(of: GRPCLateAdmission.self)
      held.withLock { $0.append((call, promise)) }
      return .later(promise.futureResult)
    case floodPath:
      floodCall.withLock { $0 = call }
      for _ in 0..<64 {
        call.send([ByteBuffer(repeating: 7, count: 262_144)])
      }
      return .accept(EchoHandler(call: call, record: record), maximumMessageSize: 1024)
    default:
      return .accept(EchoHandler(call: call, record: record), maximumMessageSize: 1_100_000)
    }
  }
}

extension EchoService {
  /// Admits all held calls.
  func release() {
    let calls = held.withLock { calls in
      defer { calls = [] }
      return calls
    }
    let record = record
    for (call, promise) in calls {
      promise.succeed {
        .accept(EchoHandler(call: call, record: record), maximumMessageSize: 1024)
      }
    }
  }
}

/// Collects what a client call receives.
final class Collector: GRPCClientCallHandler, Sendable {
  struct State {
    var messages: [ByteBuffer] = []
    var headers: HPACKHeaders?
    var status: GRPCStatus?
  }

  let state = Mutex(State())

  func headersReceived(_ headers: HPACKHeaders) { state.withLock { $0.headers = headers } }
  func messageReceived(_ message: ByteBuffer) { state.withLock { $0.messages.append(message) } }
  func closed(_ status: GRPCStatus, trailers: HPACKHeaders) {
    state.withLock { $0.status = status }
  }

  var messages: [ByteBuffer] { state.withLock { $0.messages } }
  var status: GRPCStatus? { state.withLock { $0.status } }

  func finalStatus() async -> GRPCStatus? {
    await eventually { self.status != nil }
    return status
  }
}

/// Waits until a condition holds, for at most ten seconds; says whether it did.
@discardableResult
func eventually(_ condition: @Sendable () -> Bool) async -> Bool {
  let loop = MultiThreadedEventLoopGroup.singleton.next()
  let deadline = ContinuousClock.now + .seconds(10)
  while ContinuousClock.now < deadline {
    if condition() { return true }
    _ = try? await loop.scheduleTask(in: .milliseconds(5)) {}.futureResult.get()
  }
  return condition()
}

/// Fails the test when a condition does not come to hold within ten seconds.
func expectEventually(
  sourceLocation: SourceLocation = #_sourceLocation, _ condition: @Sendable () -> Bool
) async {
  let held = await eventually(condition)
  #expect(held, sourceLocation: sourceLocation)
}

/// Runs a server on a free port of loopback for the duration of `body`.
func withServer<Result>(
  services: [any GRPCService], tls: GRPCServerTLS? = nil,
  address: GRPCAddress = .hostPort(host: "127.0.0.1", port: 0),
  configuration: GRPCServerConfiguration = GRPCServerConfiguration(),
  _ body: (GRPCAddress, GRPCServer) async throws -> Result
) async throws -> Result {
  let server = GRPCServer(
    addresses: [address], tls: tls, services: services, configuration: configuration)
  let bound = try await server.bind()
  do {
    let result = try await body(try #require(bound.first), server)
    await server.shutdown()
    return result
  } catch {
    await server.shutdown()
    throw error
  }
}

/// A raw TCP connection that sends bytes and collects what comes back until the end.
final class RawClient: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  private let received: NIOLockedBuffer

  init(received: NIOLockedBuffer) { self.received = received }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    received.append(unwrapInboundIn(data))
  }

  static func connect(to address: GRPCAddress) async throws -> (any Channel, NIOLockedBuffer) {
    let buffer = NIOLockedBuffer()
    let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(RawClient(received: buffer))
        }
      }
    let channel = try await bootstrap.connect(host: "127.0.0.1", port: address.port ?? 0).get()
    return (channel, buffer)
  }
}

/// Bytes appended on one thread and read on another.
final class NIOLockedBuffer: Sendable {
  private let buffer = Mutex(ByteBuffer())

  func append(_ bytes: ByteBuffer) { buffer.withLock { _ = $0.writeImmutableBuffer(bytes) } }

  func contains(_ bytes: [UInt8]) -> Bool {
    let all = buffer.withLock { Array($0.readableBytesView) }
    return all.indices.contains { all[$0...].starts(with: bytes) }
  }
}
