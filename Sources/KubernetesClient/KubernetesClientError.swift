internal import StreamingJSON

/// Why a request to the Kubernetes API did not do what was asked.
package enum KubernetesClientError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The server refused, with what its `Status` object says.
  case refused(code: Int, reason: String, message: String)
  /// The server cannot answer now (429, 5xx), and may have said after how long to ask again.
  case overloaded(code: Int, message: String, retryAfter: Duration?)
  /// The answer could not be understood.
  case malformedAnswer(String)
  /// The server could not be reached, or the connection broke.
  case unreachable(String)

  /// Whether the revision asked for is gone, so that everything must be listed again.
  package var isExpired: Bool { code == 410 }

  /// Whether the answer could not be understood.
  package var isMalformed: Bool {
    if case .malformedAnswer = self { true } else { false }
  }

  /// Whether the object or path does not exist.
  package var isNotFound: Bool { code == 404 }

  /// Whether somebody else changed or made the object meanwhile.
  package var isConflict: Bool { code == 409 }

  /// The HTTP status of an answer that is an error.
  package var code: Int? {
    switch self {
    case .refused(let code, _, _), .overloaded(let code, _, _): code
    case .malformedAnswer, .unreachable: nil
    }
  }

  /// How long the server wants to be left alone.
  package var retryAfter: Duration? {
    if case .overloaded(_, _, let wait) = self { wait } else { nil }
  }

  /// What happened, as a sentence without a final stop.
  package var description: String {
    switch self {
    case .refused(let code, let reason, let message): "\(message) (\(code) \(reason))"
    case .overloaded(let code, let message, _): "\(message) (\(code))"
    case .malformedAnswer(let message): "the server's answer is malformed: \(message)"
    case .unreachable(let message): "the server cannot be reached: \(message)"
    }
  }

  /// The refusal a `Status` body tells of; bodies of another kind are quoted in part.
  static func status(code: Int, retryAfter: String?, body: [UInt8]) -> KubernetesClientError {
    let object = (try? JSONValue(parsing: body)).flatMap { object in
      object["kind"]?.stringValue == "Status" ? object : nil
    }
    let message =
      object?["message"]?.stringValue
      ?? (object == nil
        ? String(decoding: body.prefix(200), as: UTF8.self) : "the server gave no message")
    let code = object?["code"]?.integerValue.flatMap { Int(exactly: $0) } ?? code
    if code == 429 || code >= 500 {
      let seconds = retryAfter.flatMap { Int64($0) }.map { max(0, min($0, 300)) }
      return .overloaded(code: code, message: message, retryAfter: seconds.map { .seconds($0) })
    }
    return .refused(
      code: code, reason: object?["reason"]?.stringValue ?? "Unknown", message: message)
  }
}
