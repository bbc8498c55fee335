internal import Benchmark
internal import GRPCTransport
internal import NIOCore
internal import NIOHPACK
internal import Synchronization

/// A push of one message to many streams, each on a TLS connection of its own. Client and server share
/// the process and its cores.
enum TLSPushBenchmarks {
  private static let streams = 50
  private static let size = 262_144

  static func register() {
    Benchmark(
      "transport: push 256 KB to 50 TLS streams",
      configuration: Settings.timed(seconds: 4, counting: [Settings.bytes]),
      closure: { (benchmark: Benchmark, push: TLSPush) async throws in
        try await push.push()
        benchmark.measurement(Settings.bytes, streams * size)
      },
      setup: { try await TLSPush(streams: streams, size: size) })
  }
}

/// A server with its clients' streams.
private final class TLSPush: Sendable {
  private static let path = GRPCMethodPath(service: "bench.Push", method: "Stream")

  private let service = PushService(path: TLSPush.path)
  private let server: GRPCServer
  private let arrivals = Arrivals()
  private let clients: [(GRPCClientConnection, GRPCClientCall)]
  private let message: ByteBuffer

  init(streams: Int, size: Int) async throws {
    message = ByteBuffer(repeating: 7, count: size)
    let authority = try LoopbackAuthority()
    server = GRPCServer(
      addresses: [.hostPort(host: "127.0.0.1", port: 0)], tls: try authority.server(),
      services: [service], logger: Settings.quiet)
    guard let address = try await server.bind().first else {
      throw GRPCStatus(.unavailable, "the server has no address")
    }
    var clients: [(GRPCClientConnection, GRPCClientCall)] = []
    for _ in 0..<streams {
      let connection = try await GRPCClientConnection.connect(to: address, tls: authority.client)
      let arrivals = arrivals
      let call = try await connection.openCall(Self.path) { _ in CountingHandler(arrivals) }.get()
      clients.append((connection, call))
    }
    self.clients = clients
    // A call reaches the service with its first message at the latest.
    await arrivals.wait(for: streams) {
      for (_, call) in clients { call.send([ByteBuffer(bytes: [1])]) }
    }
  }

  /// Sends the message to every stream and waits until all have it.
  func push() async throws {
    let calls = service.calls.withLock { $0 }
    await arrivals.wait(for: calls.count) {
      for call in calls { call.send([message]) }
    }
  }
}

/// Keeps its calls and echoes what they are sent.
private final class PushService: GRPCService {
  let paths: [GRPCMethodPath]
  let calls = Mutex<[GRPCServerCall]>([])

  init(path: GRPCMethodPath) {
    paths = [path]
  }

  func accept(_ call: GRPCServerCall) -> GRPCAdmission {
    calls.withLock { $0.append(call) }
    return .accept(EchoingHandler(call), maximumMessageSize: 1024)
  }
}

private final class EchoingHandler: GRPCCallHandler {
  private let call: GRPCServerCall

  init(_ call: GRPCServerCall) {
    self.call = call
  }

  func messageReceived(_ message: ByteBuffer) { call.send([message]) }
  func halfClosed() { call.finish(.ok) }
  func closed(_ reason: GRPCCloseReason) {}
}

/// Wakes who waits when a number of messages has arrived.
private final class Arrivals: Sendable {
  private struct State {
    var missing = 0
    var waiter: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  func wait(for count: Int, _ send: () -> Void) async {
    await withCheckedContinuation { continuation in
      state.withLock { $0 = State(missing: count, waiter: continuation) }
      send()
    }
  }

  func arrived() {
    let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
      state.missing -= 1
      return state.missing == 0 ? state.waiter : nil
    }
    waiter?.resume()
  }
}

private final class CountingHandler: GRPCClientCallHandler {
  private let arrivals: Arrivals

  init(_ arrivals: Arrivals) {
    self.arrivals = arrivals
  }

  func messageReceived(_ message: ByteBuffer) { arrivals.arrived() }
  func closed(_ status: GRPCStatus, trailers: HPACKHeaders) {}
}
