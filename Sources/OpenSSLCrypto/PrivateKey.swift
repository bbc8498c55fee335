internal import COpenSSL

/// Kinds of keys that are made here.
package enum KeyType: String, Sendable, CaseIterable {
  /// ECDSA on the curve P-256.
  case ecdsaP256 = "ecdsa-p256"
  /// RSA with 2048 bits.
  case rsa2048 = "rsa-2048"
}

/// A private key. Safe to use from any thread.
///
/// Its description does not show the key.
package final class PrivateKey: @unchecked Sendable {
  // OpenSSL counts references to a key atomically and does not change it when signing.
  private let handle: OpaquePointer
  private let publicHalf: Result<PublicKey, CryptoError>

  private init(adopting handle: OpaquePointer) {
    self.handle = handle
    publicHalf = Result { () throws(CryptoError) in
      let bytes = try encoded("write a public key") { i2d_PUBKEY(handle, $0) }
      return try PublicKey(subjectPublicKeyInfoDER: bytes)
    }
  }

  deinit {
    EVP_PKEY_free(handle)
  }

  /// A new key.
  package convenience init(generating type: KeyType) throws(CryptoError) {
    let name = type == .ecdsaP256 ? "EC" : "RSA"
    guard let context = EVP_PKEY_CTX_new_from_name(nil, name, nil) else {
      throw CryptoError(openSSL: "generate a key")
    }
    defer { EVP_PKEY_CTX_free(context) }
    var handle: OpaquePointer?
    guard EVP_PKEY_keygen_init(context) == 1, Self.setParameters(context, type),
      EVP_PKEY_generate(context, &handle) == 1, let handle
    else { throw CryptoError(openSSL: "generate a key") }
    self.init(adopting: handle)
  }

  /// Reads a key from PEM: PKCS#8, or the older forms of EC and RSA keys.
  package convenience init(pem: String) throws(CryptoError) {
    let blocks = try PEMBlock.parse(pem)
    guard let block = blocks.first(where: { $0.label.hasSuffix("PRIVATE KEY") }) else {
      throw CryptoError("read a private key", "no PRIVATE KEY block")
    }
    guard block.label != "ENCRYPTED PRIVATE KEY" else {
      throw CryptoError("read a private key", "it is encrypted")
    }
    let handle = block.bytes.withUnsafeBufferPointer { buffer -> OpaquePointer? in
      var cursor = buffer.baseAddress
      return d2i_AutoPrivateKey(nil, &cursor, buffer.count)
    }
    guard let handle else { throw CryptoError(openSSL: "read a private key") }
    self.init(adopting: handle)
  }

  /// The key as PKCS#8 PEM. Keep it out of logs.
  package func pem() throws(CryptoError) -> String {
    guard let info = EVP_PKEY2PKCS8(handle) else {
      throw CryptoError(openSSL: "write a private key")
    }
    defer { PKCS8_PRIV_KEY_INFO_free(info) }
    let bytes = try encoded("write a private key") { i2d_PKCS8_PRIV_KEY_INFO(info, $0) }
    return PEMBlock(label: "PRIVATE KEY", bytes: bytes).text
  }

  /// The public half.
  package func publicKey() throws(CryptoError) -> PublicKey {
    try publicHalf.get()
  }

  /// Signs with SHA-256.
  package func sign(_ message: [UInt8]) throws(CryptoError) -> [UInt8] {
    guard let context = EVP_MD_CTX_new() else { throw CryptoError(openSSL: "sign") }
    defer { EVP_MD_CTX_free(context) }
    var length = Int(max(0, EVP_PKEY_get_size(handle)))
    var signature = [UInt8](repeating: 0, count: length)
    guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, handle) == 1,
      EVP_DigestSign(context, &signature, &length, message, message.count) == 1
    else { throw CryptoError(openSSL: "sign") }
    return Array(signature.prefix(length))
  }

  private static func setParameters(_ context: OpaquePointer, _ type: KeyType) -> Bool {
    switch type {
    case .ecdsaP256: EVP_PKEY_CTX_set_group_name(context, "prime256v1") == 1
    case .rsa2048: EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048) == 1
    }
  }
}

/// Runs one of OpenSSL's `i2d` functions, which tell the length first and then write.
func encoded(
  _ operation: String, _ write: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32
) throws(CryptoError) -> [UInt8] {
  let length = write(nil)
  guard length > 0 else { throw CryptoError(openSSL: operation) }
  var result = [UInt8](repeating: 0, count: Int(length))
  let written = result.withUnsafeMutableBufferPointer { buffer -> Int32 in
    var cursor = buffer.baseAddress
    return write(&cursor)
  }
  guard written == length else { throw CryptoError(openSSL: operation) }
  return result
}
