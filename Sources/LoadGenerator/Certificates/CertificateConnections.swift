internal import GRPCTransport
internal import NIOCore

/// Ways from here to the server; used on one event loop alone.
protocol CertificateConnections: AnyObject {
  /// Sends a call when it can.
  func send(_ call: CertificateCall)
  /// Ends what is under way.
  func close()
}

/// What opens a connection, with the trust anchors read once.
struct CertificateConnector: Sendable {
  let address: GRPCAddress
  let tls: GRPCClientTLSContext
  let eventLoop: any EventLoop

  func connect() -> EventLoopFuture<GRPCClientConnection> {
    eventLoop.makeFutureWithTask {
      try await GRPCClientConnection.connect(
        to: address, context: tls, timeout: .seconds(10), group: eventLoop)
    }
  }
}

/// A connection of its own for each call.
final class FreshConnections: CertificateConnections {
  private let connector: CertificateConnector

  init(connector: CertificateConnector) {
    self.connector = connector
  }

  func send(_ call: CertificateCall) {
    let bound = NIOLoopBound(call, eventLoop: connector.eventLoop)
    connector.connect().whenComplete { result in
      switch result {
      case .success(let connection):
        bound.value.atEnd = { connection.closeNow() }
        bound.value.send(over: connection)
      case .failure:
        bound.value.end(.unavailable)
      }
    }
  }

  /// Connections end with their calls.
  func close() {}
}

/// Connections that stay, used in turn; one that ends is opened again.
final class KeptConnections: CertificateConnections {
  private let lanes: [Lane]
  private var next = 0

  init(_ connections: [GRPCClientConnection], connector: CertificateConnector) {
    lanes = connections.map { Lane($0, connector: connector) }
  }

  func send(_ call: CertificateCall) {
    guard !lanes.isEmpty else {
      call.end(.unavailable)
      return
    }
    lanes[next % lanes.count].send(call)
    next = (next + 1) % lanes.count
  }

  func close() {
    for lane in lanes {
      lane.close()
    }
  }

  private final class Lane {
    /// A server that is away is not asked more often than this.
    private static let retryDelay = TimeAmount.milliseconds(200)

    private let connector: CertificateConnector
    private var connection: GRPCClientConnection
    private var waiting: [CertificateCall] = []
    private var isConnecting = false
    private var isClosed = false

    init(_ connection: GRPCClientConnection, connector: CertificateConnector) {
      self.connection = connection
      self.connector = connector
    }

    func send(_ call: CertificateCall) {
      if !isConnecting, connection.isUsable {
        call.send(over: connection)
        return
      }
      waiting.append(call)
      reconnect()
    }

    func close() {
      isClosed = true
      connection.closeNow()
    }

    private func reconnect() {
      guard !isConnecting, !isClosed else { return }
      isConnecting = true
      let bound = NIOLoopBound(self, eventLoop: connector.eventLoop)
      connector.connect().whenComplete { bound.value.connected($0) }
    }

    private func connected(_ result: Result<GRPCClientConnection, any Error>) {
      switch result {
      case .success(let new):
        connection = new
        isConnecting = false
        if isClosed { new.closeNow() }
        for call in taken() { call.send(over: new) }
      case .failure:
        for call in taken() { call.end(.unavailable) }
        let bound = NIOLoopBound(self, eventLoop: connector.eventLoop)
        connector.eventLoop.scheduleTask(in: Self.retryDelay) { bound.value.retry() }
      }
    }

    private func retry() {
      isConnecting = false
      if !waiting.isEmpty { reconnect() }
    }

    private func taken() -> [CertificateCall] {
      defer { waiting = [] }
      return waiting
    }
  }
}
