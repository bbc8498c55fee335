internal import GRPCTransport
internal import NIOCore
internal import NIOHPACK
internal import ProtobufWire
internal import XDSProtocol

/// What a simulated proxy does beside following the protocol.
enum ProxyBehavior: Hashable, Sendable {
  case ordinary
  /// Refuses one listener.
  case refusing
  /// Asks, and never reads an answer.
  case deaf
}

/// A simulated proxy on its connections: opens streams, feeds ``SimulatedProxy``, comes back after a
/// loss. Everything happens on one event loop, the loop of the first connection onwards.
final class ProxyConnection: GRPCClientCallHandler {
  let index: Int
  let behavior: ProxyBehavior
  private let identity: ProxyIdentity
  private let fleet: ProxyFleet
  private let isDelta: Bool
  private let loop: any EventLoop
  private var proxy: SimulatedProxy
  private var connection: GRPCClientConnection?
  private var call: GRPCClientCall?
  /// When this stream was due, for measuring how long it takes to be complete.
  private var due: ContinuousClock.Instant
  private var isReconnection = false
  private var isComplete = false
  private var isStopped = false
  private var losses = 0
  /// The changes the fleet waits for, as of the last look, and those that this proxy has.
  private var expectations: [Expectation] = []
  private var generation = 0
  private var met: Set<Int> = []

  init(
    index: Int, behavior: ProxyBehavior, identity: ProxyIdentity, fleet: ProxyFleet, isDelta: Bool,
    loop: any EventLoop, due: ContinuousClock.Instant
  ) {
    self.index = index
    self.behavior = behavior
    self.identity = identity
    self.fleet = fleet
    self.isDelta = isDelta
    self.loop = loop
    self.due = due
    proxy = SimulatedProxy(isDelta: isDelta, refuses: behavior == .refusing, names: fleet.names)
  }

  // MARK: Connecting

  func connect() {
    guard !isStopped else { return }
    let me = NIOLoopBound(self, eventLoop: loop)
    let (fleet, loop, namespace) = (fleet, loop, identity.namespace)
    let isDeaf = behavior == .deaf
    Task {
      do {
        let connection = try await fleet.openConnection(
          namespace: namespace, isDeaf: isDeaf, loop: loop)
        loop.execute { me.value.connected(connection) }
      } catch {
        fleet.failed("\(error)")
        loop.execute { me.value.reconnect() }
      }
    }
  }

  private func connected(_ connection: GRPCClientConnection) {
    guard !isStopped else {
      Task { await connection.close() }
      return
    }
    self.connection = connection
    let me = NIOLoopBound(self, eventLoop: loop)
    let opened = connection.openCall(ProxyFleet.method(isDelta: isDelta)) { _ in me.value }
    opened.whenSuccess { me.value.begin($0) }
  }

  private func begin(_ call: GRPCClientCall) {
    self.call = call
    let requests = proxy.begin()
    for (index, request) in requests.enumerated() {
      call.send([request.encoded(isDelta: isDelta, node: index == 0 ? identity.node : nil)])
    }
    if behavior == .deaf { call.setReading(false) }
  }

  private func reconnect() {
    guard !isStopped else { return }
    losses += 1
    let me = NIOLoopBound(self, eventLoop: loop)
    loop.scheduleTask(in: fleet.backOff(after: losses)) { me.value.connect() }
  }

  /// Ends the stream and comes back, as a proxy that is restarted would.
  func churn() {
    guard let call, !isStopped else { return }
    call.cancel()
  }

  func stop() {
    isStopped = true
    call?.cancel()
    let connection = connection
    Task { await connection?.close() }
  }

  // MARK: The stream

  func messageReceived(_ message: ByteBuffer) {
    let time = ContinuousClock.now
    let response: ReceivedResponse
    let requests: [ProxyRequest]
    do throws(WireReader.Malformed) {
      response = try ReceivedResponse(Array(message.readableBytesView), isDelta: isDelta)
      fleet.received(response, bytes: message.readableBytes)
      requests = try proxy.receive(response)
    } catch {
      fleet.failed("a response is not a discovery response: \(error)")
      return
    }
    look(for: response, at: time)
    for request in requests {
      if request.error != nil { fleet.refused() }
      call?.send([request.encoded(isDelta: isDelta, node: nil)])
    }
    guard !isComplete, proxy.isComplete else { return }
    isComplete = true
    losses = 0
    fleet.completed(after: due.duration(to: .now), isReconnection: isReconnection)
  }

  private func look(for response: ReceivedResponse, at time: ContinuousClock.Instant) {
    guard fleet.generation != 0 || generation != 0 else { return }
    if generation != fleet.generation {
      (generation, expectations) = fleet.currentExpectations
      met.formIntersection(expectations.map(\.id))
    }
    guard !expectations.isEmpty, let type = ResourceType(typeURL: response.typeURL) else { return }
    for expectation in expectations
    where expectation.sign.types.contains(type) && !met.contains(expectation.id)
      && expectation.isMet(by: response, isDelta: isDelta)
    {
      met.insert(expectation.id)
      expectation.arrived(time)
    }
  }

  func closed(_ status: GRPCStatus, trailers: HPACKHeaders) {
    call = nil
    let old = connection
    connection = nil
    Task { await old?.close() }
    guard !isStopped else { return }
    fleet.lost(status, wasComplete: isComplete)
    due = .now
    isReconnection = true
    isComplete = false
    reconnect()
  }
}
