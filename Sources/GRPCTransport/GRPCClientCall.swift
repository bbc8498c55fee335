package import NIOCore
package import NIOHPACK

/// Receives the events of one call on a client; every method runs on the call's event loop.
package protocol GRPCClientCallHandler: AnyObject {
  /// The response headers; not called for a response that consists of trailers only.
  func headersReceived(_ headers: HPACKHeaders)
  /// A complete message, without its five-byte prefix.
  func messageReceived(_ message: ByteBuffer)
  /// All that was sent has been handed to the connection, or something now waits.
  func writabilityChanged(_ isWritable: Bool)
  /// The call is over; nothing is called after this. A lost connection is `unavailable`.
  func closed(_ status: GRPCStatus, trailers: HPACKHeaders)
}

extension GRPCClientCallHandler {
  package func headersReceived(_ headers: HPACKHeaders) {}
  package func writabilityChanged(_ isWritable: Bool) {}
}

/// One call on a client. Everything may be used from any thread.
package final class GRPCClientCall: Sendable {
  /// The loop on which the call's handler is called.
  package let eventLoop: any EventLoop
  private let stream: NIOLoopBound<GRPCClientStream>

  init(stream: GRPCClientStream, eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
    self.stream = NIOLoopBound(stream, eventLoop: eventLoop)
  }

  /// Sends one message whose body is the concatenation of `parts`; the parts are not copied.
  package func send(_ parts: [ByteBuffer]) {
    perform { $0.send(parts) }
  }

  /// Says that no more messages follow.
  package func halfClose() {
    perform { $0.halfClose() }
  }

  /// Resets the stream; the handler is told `status`.
  package func cancel(_ status: GRPCStatus = GRPCStatus(.cancelled)) {
    perform { $0.cancel(status) }
  }

  /// Stops or resumes reading; while stopped the server can send no more than one flow-control
  /// window.
  package func setReading(_ enabled: Bool) {
    perform { $0.setReading(enabled) }
  }

  private func perform(_ body: @escaping @Sendable (GRPCClientStream) -> Void) {
    if eventLoop.inEventLoop {
      body(stream.value)
    } else {
      eventLoop.execute { body(self.stream.value) }
    }
  }
}
