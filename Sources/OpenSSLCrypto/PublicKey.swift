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
    try VerificationKey(self).verify(signature, of: message, algorithm: algorithm)
  }

  /// The first 160 bits of SHA-256 over the key (RFC 7093, section 2).
  var identifier: [UInt8] { Array(SHA256Digest.hash(keyBits).prefix(20)) }

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
    // With an exponent of one everybody can sign; an even one or an even modulus is no RSA at all.
    guard modulus.last.map({ $0 & 1 }) == 1, exponent.last.map({ $0 & 1 }) == 1, exponent != [1]
    else { throw CryptoError("read an RSA key", "invalid modulus or exponent") }
    return .rsa(modulus: modulus, exponent: exponent)
  }
}
