internal import StreamingJSON

/// Why a request to the Kubernetes API did not do what was asked.
package enum KubernetesClientError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The server refused, with what its `Status` object says.
  case refused(code: Int, reason: String, message: String)
  /// The answer could not be understood.
  case malformedAnswer(String)
  /// The server could not be reached, or the connection broke.
  case unreachable(String)

  /// Whether the revision asked for is gone, so that everything must be listed again.
  package var isExpired: Bool {
    if case .refused(let code, _, _) = self { code == 410 } else { false }
  }

  /// Whether the object or path does not exist.
  package var isNotFound: Bool {
    if case .refused(let code, _, _) = self { code == 404 } else { false }
  }

  /// What happened, as a sentence without a final stop.
  package var description: String {
    switch self {
    case .refused(let code, let reason, let message): "\(message) (\(code) \(reason))"
    case .malformedAnswer(let message): "the server's answer is malformed: \(message)"
    case .unreachable(let message): "the server cannot be reached: \(message)"
    }
  }

  /// The refusal a `Status` body tells of; bodies of another kind are quoted in part.
  static func status(code: Int, body: [UInt8]) -> KubernetesClientError {
    guard let object = try? JSONValue(parsing: body), object["kind"]?.stringValue == "Status" else {
      let text = String(decoding: body.prefix(200), as: UTF8.self)
      return .refused(code: code, reason: "Unknown", message: text)
    }
    return .refused(
      code: object["code"]?.integerValue.flatMap { Int(exactly: $0) } ?? code,
      reason: object["reason"]?.stringValue ?? "Unknown",
      message: object["message"]?.stringValue ?? "the server gave no message")
  }
}
