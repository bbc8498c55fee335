internal import COpenSSL

/// Something cryptographic that could not be read, made or verified.
package struct CryptoError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was attempted, as "read a private key".
  package let operation: String
  /// Why it failed.
  package let reason: String

  /// A failure of this code's own checks.
  package init(_ operation: String, _ reason: String) {
    self.operation = operation
    self.reason = reason
  }

  /// A failure of OpenSSL; takes the reason from its error queue and empties that.
  init(openSSL operation: String) {
    var reason = "OpenSSL gives no reason"
    var isFirst = true
    while true {
      let code = ERR_get_error()
      guard code != 0 else { break }
      if isFirst, let text = ERR_reason_error_string(code) {
        reason = String(cString: text)
        isFirst = false
      }
    }
    self.init(operation, reason)
  }

  package var description: String { "cannot \(operation): \(reason)" }
}
