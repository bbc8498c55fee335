internal import GRPCTransport
internal import NIOCore
internal import NIOHPACK

/// One call of CreateCertificate, from the moment it was due to its end.
final class CertificateCall: GRPCClientCallHandler {
  let request: CertificateRequests.Request
  let due: NIODeadline
  /// Called when the call is over, before its end is told.
  var atEnd: (() -> Void)?
  private var hasAnswer = false
  private var ended: ((CertificateCall, GRPCStatus.Code) -> Void)?

  /// A call; `ended` is told once how it ended.
  init(
    _ request: CertificateRequests.Request, due: NIODeadline,
    ended: @escaping (CertificateCall, GRPCStatus.Code) -> Void
  ) {
    self.request = request
    self.due = due
    self.ended = ended
  }

  /// Sends the call over a connection whose loop is the current one.
  func send(over connection: GRPCClientConnection) {
    let bound = NIOLoopBound(self, eventLoop: connection.eventLoop)
    connection.openCall(
      CertificateRequests.method,
      headers: ["authorization": request.authorization, "clusterid": "Kubernetes"],
      maximumMessageSize: 4_194_304
    ) { _ in bound.value }
    .whenSuccess { [message = request.message] call in
      call.send([message])
      call.halfClose()
    }
  }

  /// Ends the call where it is not over yet.
  func end(_ code: GRPCStatus.Code) {
    let (ended, atEnd) = (ended, atEnd)
    self.ended = nil
    self.atEnd = nil
    atEnd?()
    ended?(self, code)
  }

  func messageReceived(_ message: ByteBuffer) {
    hasAnswer = message.readableBytes > 0
  }

  func closed(_ status: GRPCStatus, trailers: HPACKHeaders) {
    end(status.code == .ok && !hasAnswer ? .internalError : status.code)
  }
}
