package import NIOCore

/// Receives the events of one call on the server; every method runs on the call's event loop.
package protocol GRPCCallHandler: AnyObject {
  /// Whether the transport ends the call with `unavailable` when its connection drains.
  ///
  /// True for streams that would otherwise never end; a call that ends by itself says false.
  var endsWhenDraining: Bool { get }
  /// A complete message, without its five-byte prefix.
  func messageReceived(_ message: ByteBuffer)
  /// The client will send no more messages.
  func halfClosed()
  /// All that was sent has been handed to the connection, or something now waits.
  func writabilityChanged(_ isWritable: Bool)
  /// The call is over; nothing is called after this.
  func closed(_ reason: GRPCCloseReason)
}

extension GRPCCallHandler {
  package var endsWhenDraining: Bool { true }
  package func writabilityChanged(_ isWritable: Bool) {}
}

/// Why a call on the server ended.
package enum GRPCCloseReason: Hashable, Sendable {
  /// This side finished it with a status, or refused something the client sent.
  case finished(GRPCStatus)
  /// The client reset the stream.
  case cancelled
  /// The connection went away.
  case connectionClosed
}

/// What a service decides about a call before any message is read.
package enum GRPCAdmission {
  /// Refuse with this status; no message is read.
  case reject(GRPCStatus)
  /// Serve; a message longer than `maximumMessageSize` bytes ends the call.
  case accept(any GRPCCallHandler, maximumMessageSize: Int)
  /// Decide later: reading is paused until the future completes, and its value is then called on
  /// the call's event loop. A failed future rejects with its `GRPCStatus`, or `internalError`.
  case later(EventLoopFuture<GRPCLateAdmission>)
}

/// Makes the decision that an asynchronous admission reached; called on the call's event loop.
package typealias GRPCLateAdmission = @Sendable () -> GRPCAdmission

/// One or more methods of a server.
package protocol GRPCService: Sendable {
  /// The methods served.
  var paths: [GRPCMethodPath] { get }
  /// Judges a call by its peer and headers; runs on the call's event loop.
  func accept(_ call: GRPCServerCall) -> GRPCAdmission
}
