internal import GRPCTransport
internal import NIOCore

/// A measurement under way; everything happens on its event loop.
final class CertificateLoadRun {
  private static let progressInterval = TimeAmount.seconds(1)
  /// How often the generator wakes at most: a wake-up costs as much as a request. A request that waits
  /// for it has been due, so the wait counts as latency.
  private static let sendInterval = TimeAmount.microseconds(500)

  private let configuration: CertificateLoadConfiguration
  private let requests: CertificateRequests
  private let connections: any CertificateConnections
  private let eventLoop: any EventLoop
  private let progress: @Sendable (CertificateLoadProgress) -> Void
  private let finished: EventLoopPromise<CertificateLoadCounts>

  private let start = NIODeadline.now()
  private var counts = CertificateLoadCounts()
  private var sent = 0
  private var signedBefore = 0
  private var underWay: [ObjectIdentifier: CertificateCall] = [:]
  private var isOver = false

  init(
    _ configuration: CertificateLoadConfiguration, requests: CertificateRequests,
    connections: any CertificateConnections, finished: EventLoopPromise<CertificateLoadCounts>,
    progress: @escaping @Sendable (CertificateLoadProgress) -> Void
  ) {
    self.configuration = configuration
    self.requests = requests
    self.connections = connections
    self.eventLoop = finished.futureResult.eventLoop
    self.finished = finished
    self.progress = progress
  }

  /// Starts sending; the promise completes with what was counted.
  func begin() {
    schedule(at: end + TimeAmount(configuration.answerTimeout)) { $0.giveUp() }
    schedule(at: start + Self.progressInterval) { $0.reportProgress() }
    switch configuration.pace {
    case .open(let rate): sendDue(rate: rate)
    case .closed(let outstanding):
      for _ in 0..<max(1, outstanding) { send(due: .now()) }
    }
  }

  private var end: NIODeadline { start + TimeAmount(configuration.duration) }

  private func sendDue(rate: Double) {
    guard !isOver else { return }
    let woken = NIODeadline.now()
    while true {
      let due = start + .nanoseconds(Int64(Double(sent) / rate * 1e9))
      guard due < end else {
        finishIfAnswered()
        return
      }
      guard due <= .now() else {
        schedule(at: max(due, woken + Self.sendInterval)) { $0.sendDue(rate: rate) }
        return
      }
      send(due: due)
    }
  }

  private func send(due: NIODeadline) {
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    let call = CertificateCall(requests[sent], due: due) { call, code in
      bound.value.ended(call, code)
    }
    sent += 1
    underWay[ObjectIdentifier(call)] = call
    connections.send(call)
  }

  private func ended(_ call: CertificateCall, _ code: GRPCStatus.Code) {
    guard underWay.removeValue(forKey: ObjectIdentifier(call)) != nil, !isOver else { return }
    let now = NIODeadline.now()
    counts.record(code, after: Duration(now - call.due), at: Duration(now - start))
    if case .closed = configuration.pace, now < end {
      // A call that fails at once must not lead to the next one on the same stack.
      let bound = NIOLoopBound(self, eventLoop: eventLoop)
      eventLoop.execute { bound.value.sendNext() }
    } else {
      finishIfAnswered()
    }
  }

  private func sendNext() {
    guard !isOver else { return }
    send(due: .now())
  }

  private func finishIfAnswered() {
    guard underWay.isEmpty, NIODeadline.now() >= end || isAllSent else { return }
    finish()
  }

  /// Whether the last request of an open loop is out, which may be a moment before the end.
  private var isAllSent: Bool {
    guard case .open(let rate) = configuration.pace else { return false }
    return start + .nanoseconds(Int64(Double(sent) / rate * 1e9)) >= end
  }

  private func giveUp() {
    guard !isOver else { return }
    for _ in underWay {
      counts.record(.deadlineExceeded, after: .zero, at: Duration(NIODeadline.now() - start))
    }
    finish()
  }

  private func finish() {
    guard !isOver else { return }
    isOver = true
    underWay = [:]
    connections.close()
    finished.succeed(counts)
  }

  private func reportProgress() {
    guard !isOver else { return }
    progress(
      CertificateLoadProgress(
        elapsed: Duration(NIODeadline.now() - start), duration: configuration.duration,
        signed: counts.signed, failed: counts.failed, rate: counts.signed - signedBefore,
        p99: counts.latencies.percentile(99)))
    signedBefore = counts.signed
    schedule(at: .now() + Self.progressInterval) { $0.reportProgress() }
  }

  private func schedule(
    at deadline: NIODeadline, _ body: @escaping @Sendable (CertificateLoadRun) -> Void
  ) {
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    eventLoop.scheduleTask(deadline: deadline) { body(bound.value) }
  }
}
