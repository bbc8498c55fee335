package import NIOCore
package import NIOHPACK
internal import Synchronization

/// One call on a server.
///
/// Everything may be used from any thread: sending and finishing move to the call's event loop by
/// themselves, in the order of the calls made on one thread.
package final class GRPCServerCall: Sendable {
  /// The loop on which the call's handler is called.
  package let eventLoop: any EventLoop
  /// The method called.
  package let path: GRPCMethodPath
  /// The request headers, pseudo-headers included.
  package let headers: HPACKHeaders
  /// The client.
  package let peer: GRPCPeer

  private let stream: NIOLoopBound<GRPCServerStream>
  private let queued = Atomic<Int>(0)
  private let hopping = Atomic<Int>(0)

  init(
    eventLoop: any EventLoop, path: GRPCMethodPath, headers: HPACKHeaders, peer: GRPCPeer,
    stream: GRPCServerStream
  ) {
    self.eventLoop = eventLoop
    self.path = path
    self.headers = headers
    self.peer = peer
    self.stream = NIOLoopBound(stream, eventLoop: eventLoop)
  }

  /// The first value of a request header; its name is in lower case.
  package func header(_ name: String) -> String? { headers.first(name: name) }

  /// Bytes that were sent here and wait for the connection to take them.
  package var pendingBytes: Int {
    queued.load(ordering: .relaxed) + hopping.load(ordering: .relaxed)
  }

  /// Whether nothing waits.
  package var isWritable: Bool { pendingBytes == 0 }

  /// Sends one message whose body is the concatenation of `parts`; the parts are not copied.
  ///
  /// At most 64 KB are written at a time; the rest waits, and
  /// `GRPCCallHandler.writabilityChanged(_:)` tells when it has gone. A call that lets more wait
  /// than the server's limit is ended with `resourceExhausted`.
  package func send(_ parts: [ByteBuffer]) {
    if eventLoop.inEventLoop {
      stream.value.send(parts)
    } else {
      let bytes = parts.reduce(5) { $0 + $1.readableBytes }
      hopping.add(bytes, ordering: .relaxed)
      eventLoop.execute {
        self.stream.value.send(parts)
        self.hopping.subtract(bytes, ordering: .relaxed)
      }
    }
  }

  /// Ends the call with a status once everything sent before has gone.
  package func finish(_ status: GRPCStatus) {
    if eventLoop.inEventLoop {
      stream.value.finish(status)
    } else {
      eventLoop.execute { self.stream.value.finish(status) }
    }
  }

  /// Sends a last message and ends the call, in one step on the call's event loop.
  ///
  /// The message is sent as by `send(_:)`; it and the status leave together where nothing waits.
  package func finish(_ status: GRPCStatus, sending parts: [ByteBuffer]) {
    if eventLoop.inEventLoop {
      stream.value.finish(status, sending: parts)
    } else {
      let bytes = parts.reduce(5) { $0 + $1.readableBytes }
      hopping.add(bytes, ordering: .relaxed)
      eventLoop.execute {
        self.stream.value.finish(status, sending: parts)
        self.hopping.subtract(bytes, ordering: .relaxed)
      }
    }
  }

  /// Stops or resumes reading; while stopped the client can send no more than one flow-control
  /// window.
  package func setReading(_ enabled: Bool) {
    if eventLoop.inEventLoop {
      stream.value.setReading(enabled)
    } else {
      eventLoop.execute { self.stream.value.setReading(enabled) }
    }
  }

  func recordPendingBytes(_ bytes: Int) {
    queued.store(bytes, ordering: .relaxed)
  }
}
