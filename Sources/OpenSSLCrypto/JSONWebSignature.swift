/// Signatures of JSON Web Tokens with ECDSA on P-256 and SHA-256 (RFC 7518, section 3.4).
///
/// The signature is the two numbers of 32 bytes one after the other, not their DER encoding.
package enum ES256 {
  private static let size = 32

  /// Signs with a key on P-256.
  package static func sign(_ message: [UInt8], with key: PrivateKey) throws(CryptoError) -> [UInt8]
  {
    let operation = "sign a token"
    guard case .ec(curve: "prime256v1", _) = try key.publicKey().material else {
      throw CryptoError(operation, "the key is not on P-256")
    }
    var outer = DERReader(try key.sign(message)[...], operation: operation)
    var numbers = try outer.read(DERTag.sequence).reader
    var signature: [UInt8] = []
    for _ in 0..<2 {
      let number = Array(try numbers.read(DERTag.integer).content.drop { $0 == 0 })
      guard number.count <= size else { throw CryptoError(operation, "a number is too long") }
      signature += [UInt8](repeating: 0, count: size - number.count) + number
    }
    return signature
  }

  /// Whether a signature over `message` is that of the key.
  package static func verify(
    _ signature: [UInt8], of message: [UInt8], with key: PublicKey
  ) -> Bool {
    guard signature.count == 2 * size, case .ec(curve: "prime256v1", _) = key.material else {
      return false
    }
    let der = DERWriter.sequence(
      DERWriter.integer(Array(signature.prefix(size))),
      DERWriter.integer(Array(signature.suffix(size))))
    do throws(CryptoError) {
      try key.verify(der[...], of: message[...], algorithm: .ecdsaSHA256)
      return true
    } catch {
      return false
    }
  }

  /// The coordinates of a key on P-256, as a JSON Web Key tells them; nil for other keys.
  package static func coordinates(of key: PublicKey) -> (x: [UInt8], y: [UInt8])? {
    guard case .ec(curve: "prime256v1", let point) = key.material, point.count == 1 + 2 * size,
      point.first == 4
    else { return nil }
    return (Array(point[1...size]), Array(point[(size + 1)...]))
  }
}
