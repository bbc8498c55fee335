/// Asks for everything to be listed again.
final class Relisting: Sendable {
  private let requests: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  init() {
    (requests, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Asks; several wishes of a moment are one.
  @Sendable func request() { continuation.yield() }

  /// Waits for a wish; false when the task was cancelled.
  func next() async -> Bool {
    var iterator = requests.makeAsyncIterator()
    return await iterator.next() != nil
  }
}
