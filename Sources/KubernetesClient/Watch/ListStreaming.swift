internal import NIOCore
internal import NIOHTTP1
internal import StreamingJSON
internal import Synchronization

/// Whether a server streams lists.
final class ListStreaming: Sendable {
  private enum Answer {
    case unknown
    case yes
    case no
  }

  private let answer: Mutex<Answer>

  /// Nothing is known yet of a server that is to be asked; one that is not asked does not.
  init(isWanted: Bool) {
    answer = Mutex(isWanted ? .unknown : .no)
  }

  /// To be called when a server refused to.
  func refused() { answer.withLock { $0 = .no } }

  /// Whether the server can; asks it once.
  ///
  /// Servers before 1.27 ignore the wish and would never end the list, so their version decides.
  func isOffered(
    by client: KubernetesClient, timeout: TimeAmount
  ) async throws(KubernetesClientError) -> Bool {
    switch answer.withLock({ $0 }) {
    case .yes: return true
    case .no: return false
    case .unknown: break
    }
    let response = try await client.exchange(.GET, "/version", for: .read, timeout: timeout)
    guard let version = try? JSONValue(parsing: response.bytes) else {
      throw .malformedAnswer("/version is not JSON")
    }
    let digits = (version["minor"]?.stringValue ?? "").prefix { $0.isNumber }
    let isOffered = version["major"]?.stringValue == "1" && (Int(digits) ?? 0) >= 27
    answer.withLock { if $0 == .unknown { $0 = isOffered ? .yes : .no } }
    return isOffered
  }
}
