import DiscoveryAPI
import GRPCTransport
import NIOCore
import NIOHPACK
import Synchronization
import XDSProtocol

/// Stands between a proxy and its control plane, and ends streams right after chosen messages.
///
/// The message after which a stream ends has been delivered; nothing that follows it is, either way.
final class InterruptingRelay: GRPCService {
  /// After which message of a stream it was cut.
  struct Boundary: Hashable, Comparable, CustomStringConvertible {
    /// The type and what the message was, as `cds response`.
    var message: String
    /// Whether the stream took up what an earlier cut had ended.
    var isResuming: Bool

    var description: String { isResuming ? "\(message) when resuming" : message }

    static func < (one: Boundary, other: Boundary) -> Bool {
      one.description < other.description
    }
  }

  private struct State {
    /// How many messages are left until each cut that is planned, the next one first.
    var plan: [Int] = []
    var isResuming = false
    var counts: [Boundary: Int] = [:]
  }

  let paths: [GRPCMethodPath]
  private let upstream: GRPCClientConnection
  private let state = Mutex(State())

  init(to upstream: GRPCClientConnection, paths: [GRPCMethodPath]) {
    self.upstream = upstream
    self.paths = paths
  }

  /// How many streams were cut after each kind of message.
  var cuts: [Boundary: Int] { state.withLock(\.counts) }

  /// Cuts after so many messages from now on, then after so many of the next stream, and so on.
  ///
  /// Cuts that were planned earlier and did not happen are forgotten.
  func cut(after plan: [Int]) {
    state.withLock { state in
      state.plan = plan
      state.isResuming = false
    }
  }

  private func isOver(after message: String) -> Bool {
    state.withLock { state in
      guard let left = state.plan.first else { return false }
      state.plan[0] = left - 1
      guard left <= 1 else { return false }
      state.plan.removeFirst()
      state.counts[Boundary(message: message, isResuming: state.isResuming), default: 0] += 1
      state.isResuming = true
      return true
    }
  }

  func accept(_ call: GRPCServerCall) -> GRPCAdmission {
    .accept(Stream(call, self), maximumMessageSize: 64 << 20)
  }

  // MARK: Streams

  /// A stream of the proxy and the stream to the control plane that stands for it.
  private final class Stream: GRPCCallHandler {
    let downstream: Downstream
    let upstream: EventLoopFuture<GRPCClientCall>

    init(_ call: GRPCServerCall, _ relay: InterruptingRelay) {
      let downstream = Downstream(call, relay)
      self.downstream = downstream
      upstream = relay.upstream.openCall(call.path) { _ in Answers(downstream) }
    }

    func messageReceived(_ message: ByteBuffer) {
      downstream.pass(InterruptingRelay.name(ofRequest: message)) {
        upstream.whenSuccess { $0.send([message]) }
      }
    }
    func halfClosed() { upstream.whenSuccess { $0.halfClose() } }
    // Not a reset: the server ends connections on which many streams are reset.
    func closed(_ reason: GRPCCloseReason) { halfClosed() }
  }

  /// What comes from the control plane.
  private final class Answers: GRPCClientCallHandler {
    let downstream: Downstream

    init(_ downstream: Downstream) {
      self.downstream = downstream
    }

    func messageReceived(_ message: ByteBuffer) {
      downstream.pass(InterruptingRelay.name(ofResponse: message)) {
        downstream.call.send([message])
      }
    }
    func closed(_ status: GRPCStatus, trailers: HPACKHeaders) { downstream.call.finish(status) }
  }

  /// The proxy's end of a stream, until it is cut.
  private final class Downstream: Sendable {
    let call: GRPCServerCall
    private let relay: InterruptingRelay
    private let isCut = Mutex(false)

    init(_ call: GRPCServerCall, _ relay: InterruptingRelay) {
      self.call = call
      self.relay = relay
    }

    /// Delivers one message of either direction, unless the stream is over.
    func pass(_ name: String, deliver: () -> Void) {
      isCut.withLock { isCut in
        guard !isCut else { return }
        deliver()
        isCut = relay.isOver(after: name)
        if isCut { call.finish(GRPCStatus(.unavailable, "cut")) }
      }
    }
  }

  // MARK: Names of messages

  private static func name(ofRequest message: ByteBuffer) -> String {
    guard
      let request = try? Envoy_Service_Discovery_V3_DeltaDiscoveryRequest(
        serializedBytes: Array(message.readableBytesView))
    else { return "unreadable request" }
    let kind =
      request.responseNonce.isEmpty ? "request" : request.hasErrorDetail ? "refusal" : "ack"
    return "\(shortName(request.typeURL)) \(kind)"
  }

  private static func name(ofResponse message: ByteBuffer) -> String {
    guard
      let response = try? Envoy_Service_Discovery_V3_DeltaDiscoveryResponse(
        serializedBytes: Array(message.readableBytesView))
    else { return "unreadable response" }
    return "\(shortName(response.typeURL)) response"
  }

  private static func shortName(_ typeURL: String) -> String {
    ResourceType(typeURL: typeURL)?.shortName ?? typeURL
  }
}
