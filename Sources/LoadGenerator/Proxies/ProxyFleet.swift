package import GRPCTransport
internal import NIOCore
internal import NIOPosix
internal import Synchronization
internal import XDSProtocol

/// Simulated proxies by the thousand against one discovery server.
package final class ProxyFleet: Sendable {
  /// How many proxies of which kind connect to what.
  package struct Configuration: Sendable {
    package var address: GRPCAddress
    package var proxies = 400
    /// Whether they speak the incremental protocol.
    package var isDelta = true
    package var workload = ReferenceWorkload()
    /// The value of `SKEIN_PROFILE` in the proxies' metadata.
    package var profile: String?
    /// Proxies that start per second; all at once when nil.
    package var connectRate: Double?
    /// Proxies that end their stream and come back, per second.
    package var churnRate: Double = 0
    /// The part, from 0 to 1, of proxies that never read what they are sent.
    package var deafShare: Double = 0
    /// The part of proxies that refuse a listener.
    package var refusingShare: Double = 0
    /// The longest wait before a connection is tried again, in milliseconds.
    package var longestBackOff: Int64 = 1000
    package var threads = 2
    /// TLS with a certificate of the proxy's own; plaintext when nil.
    package var credentials: FleetCredentials?

    package init(address: GRPCAddress) {
      self.address = address
    }
  }

  private struct State {
    var tally = FleetTally()
    var expectations: [Expectation] = []
    var generation = 0
    var nextExpectation = 1
  }

  private let configuration: Configuration
  private let group: MultiThreadedEventLoopGroup
  let names = NameTable()
  private let state = Mutex(State())
  private let changes = Atomic<Int>(0)
  private let connections = Mutex<[NIOLoopBound<ProxyConnection>]>([])

  package init(_ configuration: Configuration) {
    self.configuration = configuration
    group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, configuration.threads))
  }

  /// What happened so far.
  package var tally: FleetTally { state.withLock(\.tally) }

  /// How many proxies read what they are sent.
  package var readers: Int {
    (0..<configuration.proxies).count { behavior(of: $0) != .deaf }
  }

  static func method(isDelta: Bool) -> GRPCMethodPath {
    GRPCMethodPath(
      service: "envoy.service.discovery.v3.AggregatedDiscoveryService",
      method: isDelta ? "DeltaAggregatedResources" : "StreamAggregatedResources")
  }

  // MARK: Running

  /// Starts every proxy at its time and returns when the last one has been started.
  package func start() async throws {
    let clock = ContinuousClock()
    let begin = clock.now
    for index in 0..<configuration.proxies {
      let delay = configuration.connectRate.map { $0 > 0 ? Double(index) / $0 : 0 } ?? 0
      let due = begin + .seconds(delay)
      if delay > 0 { try await clock.sleep(until: due) }
      let loop = group.next()
      let identity = try ProxyIdentity(
        index: index, workload: configuration.workload,
        profile: configuration.profile,
        account: { configuration.credentials?.serviceAccount(in: $0) })
      let (behavior, isDelta) = (behavior(of: index), configuration.isDelta)
      let connection = try await loop.submit { [self] in
        let connection = ProxyConnection(
          index: index, behavior: behavior, identity: identity, fleet: self, isDelta: isDelta,
          loop: loop, due: due)
        connection.connect()
        return NIOLoopBound(connection, eventLoop: loop)
      }.get()
      connections.withLock { $0.append(connection) }
    }
  }

  /// Ends and reopens streams at the configured rate until cancelled; the times are fixed beforehand.
  package func churn() async throws {
    guard configuration.churnRate > 0 else { return }
    let clock = ContinuousClock()
    let begin = clock.now
    var number = 0
    while true {
      number += 1
      try await clock.sleep(until: begin + .seconds(Double(number) / configuration.churnRate))
      let all = connections.withLock { $0 }
      guard !all.isEmpty else { continue }
      let chosen = all[number % all.count]
      chosen.execute { $0.churn() }
    }
  }

  /// Ends every stream at one moment.
  package func cutAll() {
    for connection in connections.withLock({ $0 }) { connection.execute { $0.churn() } }
  }

  package func stop() async {
    for connection in connections.withLock({ $0 }) { connection.execute { $0.stop() } }
    try? await Task.sleep(for: .milliseconds(200))
    try? await group.shutdownGracefully()
  }

  /// Waits until every reading proxy is complete; false when it takes longer than `timeout`.
  package func waitUntilComplete(within timeout: Duration) async -> Bool {
    let readers = readers
    let deadline = ContinuousClock.now + timeout
    while tally.complete < readers {
      guard ContinuousClock.now < deadline else { return false }
      try? await Task.sleep(for: .milliseconds(20))
    }
    return true
  }

  private func behavior(of index: Int) -> ProxyBehavior {
    // Spread evenly: every k-th proxy.
    func isChosen(_ share: Double, _ offset: Int) -> Bool {
      Int(Double(index + 1 + offset) * share) > Int(Double(index + offset) * share)
    }
    if isChosen(configuration.deafShare, 0) { return .deaf }
    return isChosen(configuration.refusingShare, 1) ? .refusing : .ordinary
  }

  // MARK: Expectations

  /// Makes the proxies look out for a change; call before it is made.
  func expect(_ sign: Expectation.Sign) -> Expectation {
    let readers = readers
    let expectation = state.withLock { state in
      let new = Expectation(id: state.nextExpectation, sign: sign, proxies: readers)
      state.nextExpectation += 1
      state.expectations.append(new)
      state.generation += 1
      return new
    }
    changes.add(1, ordering: .releasing)
    return expectation
  }

  func forget(_ expectation: Expectation) {
    state.withLock { state in
      state.expectations.removeAll { $0 === expectation }
      state.generation += 1
    }
    changes.add(1, ordering: .releasing)
  }

  /// Changes with every expectation.
  var generation: Int { changes.load(ordering: .acquiring) }

  var currentExpectations: (Int, [Expectation]) {
    let generation = generation
    return (generation, state.withLock(\.expectations))
  }

  // MARK: Called by connections

  func openConnection(
    namespace: String, isDeaf: Bool, loop: any EventLoop
  ) async throws -> GRPCClientConnection {
    let context = configuration.credentials?.context(in: namespace)
    // What a deaf proxy is sent shall wait at the server, not in this process.
    return try await GRPCClientConnection.connect(
      to: configuration.address, context: context, timeout: .seconds(30),
      streamWindow: isDeaf ? 65_535 : 1_048_576, group: loop)
  }

  func backOff(after losses: Int) -> TimeAmount {
    let base = min(configuration.longestBackOff, 50 << Int64(min(losses, 10)))
    return .milliseconds(Int64.random(in: base / 2...max(1, base)))
  }

  func received(_ response: ReceivedResponse, bytes: Int) {
    let type = ResourceType(typeURL: response.typeURL)
    let resources = response.resources.count
    state.withLock { $0.tally.received(type, resources: resources, bytes: bytes) }
  }

  func completed(after time: Duration, isReconnection: Bool) {
    state.withLock { $0.tally.completed(after: time, isReconnection: isReconnection) }
  }

  func lost(_ status: GRPCStatus, wasComplete: Bool) {
    state.withLock { $0.tally.lost("\(status.code)", wasComplete: wasComplete) }
  }

  func refused() { state.withLock { $0.tally.refusals += 1 } }

  func failed(_ reason: String) { state.withLock { $0.tally.failures[reason, default: 0] += 1 } }
}

extension NIOLoopBound {
  fileprivate func execute(_ body: @escaping @Sendable (Value) -> Void) {
    eventLoop.execute { body(self.value) }
  }
}
