internal import COpenSSL

/// Verifies certificate chains against a set of trust anchors, with OpenSSL. Usable from any
/// thread.
package final class CertificateVerifier: @unchecked Sendable {
  /// What a chain is verified for.
  package enum Purpose: Sendable {
    /// Its holder is the client of a TLS connection.
    case client
    /// Its holder is the server of a TLS connection.
    case server
    /// It signs certificates.
    case authority

    fileprivate var identifier: Int32 {
      switch self {
      case .client: X509_PURPOSE_SSL_CLIENT
      case .server: X509_PURPOSE_SSL_SERVER
      case .authority: X509_PURPOSE_ANY
      }
    }
  }

  private static let operation = "verify a certificate"
  private static let maximumChainLength = 10

  // A store takes a lock of its own when it looks a certificate up.
  private let store: OpaquePointer
  private let intermediatesDER: [[UInt8]]

  /// A verifier that trusts `roots`, which should not be empty: no chain would then be valid.
  ///
  /// `intermediates` are not trusted by themselves; they complete chains that lack them.
  package init(roots: [Certificate], intermediates: [Certificate] = []) throws(CryptoError) {
    intermediatesDER = intermediates.map(\.der)
    guard let store = X509_STORE_new() else { throw CryptoError(openSSL: Self.operation) }
    self.store = store
    for root in roots {
      let certificate = try Self.parse(root.der)
      defer { X509_free(certificate) }
      guard X509_STORE_add_cert(store, certificate) == 1 else {
        throw CryptoError(openSSL: Self.operation)
      }
    }
  }

  deinit {
    X509_STORE_free(store)
  }

  /// Verifies a chain, leaf first, at a time in seconds since 1970.
  ///
  /// - Throws: `CryptoError` with OpenSSL's reason when there is no valid path to a root.
  package func verify(
    chainDER: [[UInt8]], at time: Int64, for purpose: Purpose
  )
    throws(CryptoError)
  {
    guard let leafDER = chainDER.first, chainDER.count <= Self.maximumChainLength else {
      throw CryptoError(Self.operation, "a chain of \(chainDER.count) certificates")
    }
    let leaf = try Self.parse(leafDER)
    defer { X509_free(leaf) }
    guard let others = OPENSSL_sk_new_null(), let context = X509_STORE_CTX_new() else {
      throw CryptoError(openSSL: Self.operation)
    }
    var owned: [OpaquePointer] = []
    defer {
      X509_STORE_CTX_free(context)
      OPENSSL_sk_free(others)
      for certificate in owned {
        X509_free(certificate)
      }
    }
    for der in chainDER.dropFirst() + intermediatesDER {
      let certificate = try Self.parse(der)
      owned.append(certificate)
      guard OPENSSL_sk_push(others, UnsafeRawPointer(certificate)) > 0 else {
        throw CryptoError(openSSL: Self.operation)
      }
    }
    guard X509_STORE_CTX_init(context, store, leaf, others) == 1,
      X509_STORE_CTX_set_purpose(context, purpose.identifier) == 1
    else { throw CryptoError(openSSL: Self.operation) }
    X509_STORE_CTX_set_time(context, 0, time_t(time))
    guard X509_verify_cert(context) == 1 else {
      let code = X509_STORE_CTX_get_error(context)
      ERR_clear_error()
      let reason = X509_verify_cert_error_string(Int(code)).map { String(cString: $0) }
      throw CryptoError(Self.operation, reason ?? "error \(code)")
    }
  }

  private static func parse(_ der: [UInt8]) throws(CryptoError) -> OpaquePointer {
    let certificate = der.withUnsafeBufferPointer { buffer -> OpaquePointer? in
      var cursor = buffer.baseAddress
      return d2i_X509(nil, &cursor, buffer.count)
    }
    guard let certificate else { throw CryptoError(openSSL: "read a certificate") }
    return certificate
  }
}
