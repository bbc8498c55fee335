internal import COpenSSL

/// A public key that is ready to verify signatures with. Safe to use from any thread.
///
/// Built from the parts of the key: OpenSSL's generic decoder takes 190 µs for each.
package final class VerificationKey: @unchecked Sendable {
  // OpenSSL counts references to a key atomically and does not change it when verifying.
  private let handle: OpaquePointer
  private let isRSA: Bool

  /// Prepares a key.
  package init(_ key: PublicKey) throws(CryptoError) {
    isRSA = key.isRSA
    handle =
      switch key.material {
      case .ec(let curve, let point): try Self.makeECHandle(curve: curve, point: point)
      case .rsa(let modulus, let exponent):
        try Self.makeRSAHandle(modulus: modulus, exponent: exponent)
      }
  }

  deinit {
    EVP_PKEY_free(handle)
  }

  /// Checks that a signature over `message` is this key's.
  func verify(
    _ signature: ArraySlice<UInt8>, of message: ArraySlice<UInt8>, algorithm: SignatureAlgorithm
  ) throws(CryptoError) {
    let operation = "verify a signature"
    guard algorithm.isRSA == isRSA else { throw CryptoError(operation, "wrong algorithm") }
    guard let context = EVP_MD_CTX_new() else { throw CryptoError(openSSL: operation) }
    defer { EVP_MD_CTX_free(context) }
    let isValid = signature.withUnsafeBufferPointer { signature in
      message.withUnsafeBufferPointer { message in
        EVP_DigestVerifyInit(context, nil, algorithm.digest, nil, handle) == 1
          && EVP_DigestVerify(
            context, signature.baseAddress, signature.count, message.baseAddress, message.count)
            == 1
      }
    }
    guard isValid else {
      ERR_clear_error()
      throw CryptoError(operation, "it does not match")
    }
  }

  private static func makeECHandle(
    curve: String, point: [UInt8]
  ) throws(CryptoError) -> OpaquePointer {
    var curve = curve.utf8CString.map { $0 }
    var point = point
    let result = curve.withUnsafeMutableBufferPointer { curve in
      point.withUnsafeMutableBufferPointer { point in
        makeHandle(
          "EC",
          [
            OSSL_PARAM_construct_utf8_string(name("group"), curve.baseAddress, 0),
            OSSL_PARAM_construct_octet_string(
              name("pub"), point.baseAddress, point.count),
            OSSL_PARAM_construct_end(),
          ])
      }
    }
    guard let result else { throw CryptoError(openSSL: "use an EC key") }
    return result
  }

  private static func makeRSAHandle(
    modulus: [UInt8], exponent: [UInt8]
  ) throws(CryptoError) -> OpaquePointer {
    // OpenSSL takes big numbers in the byte order of the machine.
    var modulus = littleEndian ? modulus.reversed() : modulus
    var exponent = littleEndian ? exponent.reversed() : exponent
    let result = modulus.withUnsafeMutableBufferPointer { modulus in
      exponent.withUnsafeMutableBufferPointer { exponent in
        makeHandle(
          "RSA",
          [
            OSSL_PARAM_construct_BN(name("n"), modulus.baseAddress, modulus.count),
            OSSL_PARAM_construct_BN(name("e"), exponent.baseAddress, exponent.count),
            OSSL_PARAM_construct_end(),
          ])
      }
    }
    guard let result else { throw CryptoError(openSSL: "use an RSA key") }
    return result
  }

  /// A parameter's name with storage that outlives the parameter, which a `String` has not.
  private static func name(_ text: StaticString) -> UnsafePointer<CChar> {
    UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
  }

  private static let littleEndian = UInt16(1).littleEndian == 1

  private static func makeHandle(_ name: String, _ parameters: [OSSL_PARAM]) -> OpaquePointer? {
    guard let context = EVP_PKEY_CTX_new_from_name(nil, name, nil) else { return nil }
    defer { EVP_PKEY_CTX_free(context) }
    var parameters = parameters
    var handle: OpaquePointer?
    guard EVP_PKEY_fromdata_init(context) == 1,
      EVP_PKEY_fromdata(context, &handle, SKEIN_EVP_PKEY_PUBLIC_KEY, &parameters) == 1
    else { return nil }
    return handle
  }
}
