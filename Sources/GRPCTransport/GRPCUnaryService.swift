package import NIOCore
internal import Synchronization

/// A service of one unary method, answered by an asynchronous closure.
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
    handler: @escaping Handler
  ) {
    self.paths = [path]
    self.maximumMessageSize = maximumMessageSize
    self.maximumConcurrentCalls = maximumConcurrentCalls
    self.handler = handler
  }

  package func accept(_ call: GRPCServerCall) -> GRPCAdmission {
    .accept(UnaryCall(service: self, call: call), maximumMessageSize: maximumMessageSize)
  }

  fileprivate func answer(_ request: ByteBuffer, _ call: GRPCServerCall) -> Task<Void, Never>? {
    guard running.add(1, ordering: .relaxed).newValue <= maximumConcurrentCalls else {
      running.subtract(1, ordering: .relaxed)
      call.finish(GRPCStatus(.unavailable, "too many calls"))
      return nil
    }
    // The call is a callback on its event loop; the closure needs a task to run in.
    return Task {
      do throws(GRPCStatus) {
        let response = try await handler(request, call)
        call.send([response])
        call.finish(.ok)
      } catch {
        call.finish(error)
      }
      running.subtract(1, ordering: .relaxed)
    }
  }
}

private final class UnaryCall: GRPCCallHandler {
  private let service: GRPCUnaryService
  private let call: GRPCServerCall
  private var request: ByteBuffer?
  private var task: Task<Void, Never>?

  let endsWhenDraining = false

  init(service: GRPCUnaryService, call: GRPCServerCall) {
    self.service = service
    self.call = call
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
    task = service.answer(request, call)
  }

  func closed(_ reason: GRPCCloseReason) {
    task?.cancel()
  }
}
