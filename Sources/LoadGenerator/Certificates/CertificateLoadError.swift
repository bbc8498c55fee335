package import GRPCTransport

/// Why nothing could be measured.
package enum CertificateLoadError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The roots or the tokens cannot be used, or keys cannot be made.
  case unusableInput(String)
  /// The server did not answer the first request.
  case unreachable(String)
  /// The server answered the first request with this status.
  case refused(GRPCStatus)
  /// The answer to the first request has no certificate for the request's key.
  case unusableAnswer(String)

  package var description: String {
    switch self {
    case .unusableInput(let reason): reason
    case .unreachable(let reason): "no certificate authority answers: \(reason)"
    case .refused(let status): "the certificate authority refuses the request: \(status)"
    case .unusableAnswer(let reason): "the certificate authority's answer is unusable: \(reason)"
    }
  }
}
