internal import COpenSSL

/// A public key as its SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7).
///
/// ECDSA keys on P-256, P-384 and P-521 and RSA keys of 2048 to 8192 bits are known; anything else
/// is refused.
package struct PublicKey: Hashable, Sendable {
  enum Material: Hashable, Sendable {
    case ec(curve: String, point: [UInt8])
    case rsa(modulus: [UInt8], exponent: [UInt8])
  }

  /// The encoded SubjectPublicKeyInfo.
  package let subjectPublicKeyInfoDER: [UInt8]
  /// The content of its BIT STRING, of which key identifiers are digests.
  let keyBits: [UInt8]
  let material: Material

  /// Takes an encoded key apart.
  ///
  /// - Throws: `CryptoError` for another kind or size of key, or bytes that are not a key.
  package init(subjectPublicKeyInfoDER bytes: [UInt8]) throws(CryptoError) {
    let operation = "read a public key"
    var outer = DERReader(bytes[...], operation: operation)
    let info = try outer.read(DERTag.sequence)
    try outer.expectEnd()
    var fields = info.reader
    var algorithm = try fields.read(DERTag.sequence).reader
    let bits = try fields.read(DERTag.bitString).bitStringBytes()
    try fields.expectEnd()
    let identifier = Array(try algorithm.read(DERTag.objectIdentifier).encoding)
    switch identifier {
    case ObjectIdentifier.ecPublicKey:
      let curve = Array(try algorithm.read(DERTag.objectIdentifier).encoding)
      guard let name = ObjectIdentifier.curveName(curve) else {
        throw CryptoError(operation, "unsupported curve")
      }
      material = .ec(curve: name, point: Array(bits))
    case ObjectIdentifier.rsaEncryption:
      material = try Self.rsaKey(bits)
    default:
      throw CryptoError(operation, "unsupported algorithm")
    }
    subjectPublicKeyInfoDER = bytes
    keyBits = Array(bits)
  }

  /// Whether a signature over `message` is this key's.
  func verify(
    _ signature: ArraySlice<UInt8>, of message: ArraySlice<UInt8>, algorithm: SignatureAlgorithm
  ) throws(CryptoError) {
    let operation = "verify a signature"
    guard algorithm.isRSA == isRSA else { throw CryptoError(operation, "wrong algorithm") }
    let handle = try makeHandle()
    defer { EVP_PKEY_free(handle) }
    guard let context = EVP_MD_CTX_new() else { throw CryptoError(openSSL: operation) }
    defer { EVP_MD_CTX_free(context) }
    let signature = Array(signature)
    let message = Array(message)
    guard EVP_DigestVerifyInit(context, nil, algorithm.digest, nil, handle) == 1,
      EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    else {
      ERR_clear_error()
      throw CryptoError(operation, "it does not match")
    }
  }

  var isRSA: Bool {
    if case .rsa = material { true } else { false }
  }

  private static func rsaKey(_ bits: ArraySlice<UInt8>) throws(CryptoError) -> Material {
    var outer = DERReader(bits, operation: "read an RSA key")
    var fields = try outer.read(DERTag.sequence).reader
    let modulus = Array(try fields.read(DERTag.integer).content.drop { $0 == 0 })
    let exponent = Array(try fields.read(DERTag.integer).content.drop { $0 == 0 })
    guard let first = modulus.first else { throw CryptoError("read an RSA key", "no modulus") }
    let size = modulus.count * 8 - first.leadingZeroBitCount
    guard (2048...8192).contains(size), (1...8).contains(exponent.count) else {
      throw CryptoError("read an RSA key", "\(size) bits are not supported")
    }
    return .rsa(modulus: modulus, exponent: exponent)
  }

  /// The key for OpenSSL, built from its parts: the generic decoder takes 190 µs for each key.
  private func makeHandle() throws(CryptoError) -> OpaquePointer {
    switch material {
    case .ec(let curve, let point): try Self.makeECHandle(curve: curve, point: point)
    case .rsa(let modulus, let exponent):
      try Self.makeRSAHandle(modulus: modulus, exponent: exponent)
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
