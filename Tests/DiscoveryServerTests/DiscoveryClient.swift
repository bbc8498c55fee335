import DiscoveryAPI
import GRPCTransport
import NIOCore
import NIOHPACK
import SwiftProtobuf

/// A client of the discovery service that collects what it is sent.
final class DiscoveryClient: Sendable {
  /// What a stream was told.
  enum Event: Sendable {
    case message(ByteBuffer)
    case closed(GRPCStatus)
  }

  private final class Handler: GRPCClientCallHandler {
    let continuation: AsyncStream<Event>.Continuation

    init(_ continuation: AsyncStream<Event>.Continuation) {
      self.continuation = continuation
    }

    func messageReceived(_ message: ByteBuffer) { continuation.yield(.message(message)) }

    func closed(_ status: GRPCStatus, trailers: HPACKHeaders) {
      continuation.yield(.closed(status))
      continuation.finish()
    }
  }

  let connection: GRPCClientConnection
  private let call: GRPCClientCall
  private let events: AsyncStream<Event>

  init(
    _ address: GRPCAddress, _ path: GRPCMethodPath, tls: GRPCClientTLS? = nil, token: String? = nil
  ) async throws {
    connection = try await GRPCClientConnection.connect(to: address, tls: tls)
    let (events, continuation) = AsyncStream.makeStream(of: Event.self)
    self.events = events
    if let token {
      call = try await connection.openCall(path, headers: ["authorization": "Bearer \(token)"]) {
        _ in Handler(continuation)
      }.get()
    } else {
      call = try await connection.openCall(path) { _ in Handler(continuation) }.get()
    }
  }

  func send(_ message: some SwiftProtobuf.Message) throws {
    call.send([ByteBuffer(bytes: try message.serializedBytes() as [UInt8])])
  }

  func send(bytes: [UInt8]) { call.send([ByteBuffer(bytes: bytes)]) }

  /// The next thing the stream is told, within ten seconds.
  func next() async throws -> Event {
    let events = events
    return try await withThrowingTaskGroup(of: Event?.self) { group in
      group.addTask { await events.first { _ in true } }
      group.addTask {
        try await ContinuousClock().sleep(for: .seconds(10))
        return nil
      }
      defer { group.cancelAll() }
      guard let event = try await group.next().flatMap({ $0 }) else {
        throw GRPCStatus(.deadlineExceeded, "nothing came within ten seconds")
      }
      return event
    }
  }

  func response() async throws -> Envoy_Service_Discovery_V3_DiscoveryResponse {
    switch try await next() {
    case .message(let buffer):
      return try Envoy_Service_Discovery_V3_DiscoveryResponse(
        serializedBytes: Array(buffer.readableBytesView))
    case .closed(let status): throw status
    }
  }

  func deltaResponse() async throws -> Envoy_Service_Discovery_V3_DeltaDiscoveryResponse {
    switch try await next() {
    case .message(let buffer):
      return try Envoy_Service_Discovery_V3_DeltaDiscoveryResponse(
        serializedBytes: Array(buffer.readableBytesView))
    case .closed(let status): throw status
    }
  }

  /// How the server ends the stream.
  func status() async throws -> GRPCStatus {
    while true {
      if case .closed(let status) = try await next() { return status }
    }
  }

  static func node(
    _ id: String = "sidecar~10.0.0.1~web.default~default.svc.cluster.local",
    metadata: [String: String] = ["NAMESPACE": "default"]
  ) -> Envoy_Config_Core_V3_Node {
    var node = Envoy_Config_Core_V3_Node()
    node.id = id
    for (key, value) in metadata {
      node.metadata.fields[key] = Google_Protobuf_Value(stringValue: value)
    }
    return node
  }
}
