package import NIOCore
internal import Synchronization

/// A service of one unary method, answered by an asynchronous closure.
///
/// A service that admits calls by itself uses one without a handler, and
/// `accept(_:answer:)` with a closure of each call.
package final class GRPCUnaryService: GRPCService {
  /// Answers one request; the error is the call's status.
  package typealias Handler =
    @Sendable (_ request: ByteBuffer, _ call: GRPCServerCall) async throws(GRPCStatus) -> ByteBuffer

  package let paths: [GRPCMethodPath]
  private let maximumMessageSize: Int
  private let maximumConcurrentCalls: Int
  private let handler: Handler
  private let running = Atomic<Int>(0)

  /// A unary method; calls beyond `maximumConcurrentCalls` are refused with `unavailable`.
  package init(
    path: GRPCMethodPath, maximumMessageSize: Int = 4_194_304, maximumConcurrentCalls: Int = 1000,
    handler: @escaping Handler = { _, _ throws(GRPCStatus) in throw GRPCStatus(.unimplemented) }
  ) {
    self.paths = [path]
    self.maximumMessageSize = maximumMessageSize
    self.maximumConcurrentCalls = maximumConcurrentCalls
    self.handler = handler
  }

  package func accept(_ call: GRPCServerCall) -> GRPCAdmission {
    accept(call) { [handler] request throws(GRPCStatus) in try await handler(request, call) }
  }

  /// Serves a call that is admitted already with an answer of its own.
  package func accept(
    _ call: GRPCServerCall,
    answer: @escaping @Sendable (ByteBuffer) async throws(GRPCStatus) -> ByteBuffer
  ) -> GRPCAdmission {
    .accept(
      UnaryCall(service: self, call: call, answer: answer),
      maximumMessageSize: maximumMessageSize)
  }

  fileprivate func begin() -> Bool {
    guard running.add(1, ordering: .relaxed).newValue <= maximumConcurrentCalls else {
      running.subtract(1, ordering: .relaxed)
      return false
    }
    return true
  }

  fileprivate func end() {
    running.subtract(1, ordering: .relaxed)
  }
}

private final class UnaryCall: GRPCCallHandler {
  private let service: GRPCUnaryService
  private let call: GRPCServerCall
  private let answer: @Sendable (ByteBuffer) async throws(GRPCStatus) -> ByteBuffer
  private var request: ByteBuffer?
  private var task: Task<Void, Never>?

  let endsWhenDraining = false

  init(
    service: GRPCUnaryService, call: GRPCServerCall,
    answer: @escaping @Sendable (ByteBuffer) async throws(GRPCStatus) -> ByteBuffer
  ) {
    self.service = service
    self.call = call
    self.answer = answer
  }

  func messageReceived(_ message: ByteBuffer) {
    guard request == nil else {
      call.finish(GRPCStatus(.invalidArgument, "more than one request message"))
      return
    }
    request = message
  }

  func halfClosed() {
    guard let request else {
      call.finish(GRPCStatus(.invalidArgument, "no request message"))
      return
    }
    guard service.begin() else {
      call.finish(GRPCStatus(.unavailable, "too many calls"))
      return
    }
    // The call is a callback on its event loop; the closure needs a task to run in.
    task = Task { [service, call, answer] in
      do throws(GRPCStatus) {
        call.finish(.ok, sending: [try await answer(request)])
      } catch {
        call.finish(error)
      }
      service.end()
    }
  }

  func closed(_ reason: GRPCCloseReason) {
    task?.cancel()
  }
}
