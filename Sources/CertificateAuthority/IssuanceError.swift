package import OpenSSLCrypto

/// Why a certificate was not issued.
package enum IssuanceError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The request is not a signing request with a supported key and a good signature.
  case invalidRequest(CryptoError)
  /// The lifetime asked for, in seconds, is above the maximum.
  case lifetimeTooLong(requested: Int64, maximum: Int64)
  /// The identity cannot stand in a certificate.
  case invalidIdentity(String)
  /// The signing certificate is not valid now; the CA must be replaced.
  case signerExpired
  /// Signing failed.
  case signing(CryptoError)
  /// What was signed is not what was wanted; nothing was given out.
  case invalidResult(String)

  package var description: String {
    switch self {
    case .invalidRequest(let error): "invalid certificate signing request: \(error)"
    case .lifetimeTooLong(let requested, let maximum):
      "requested lifetime of \(requested) s is above the maximum of \(maximum) s"
    case .invalidIdentity(let identity): "invalid identity \(identity)"
    case .signerExpired: "the CA certificate is not valid now: replace it"
    case .signing(let error): "signing failed: \(error)"
    case .invalidResult(let reason): "the signed certificate is not as wanted: \(reason)"
    }
  }
}
