internal import OpenSSLCrypto

/// Versions of resources: digests of their content.
enum ContentDigest {
  /// The first 96 bits of the SHA-256 of `payload` and `salt`, in base64url without padding (RFC 4648 §5).
  static func version(of payload: [UInt8], salt: String) -> String {
    let digest =
      salt.isEmpty ? SHA256Digest.hash(payload) : SHA256Digest.hash(payload + Array(salt.utf8))
    return base64URL(digest.prefix(12))
  }

  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  private static func base64URL(_ bytes: ArraySlice<UInt8>) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(16)
    var bits: UInt32 = 0
    var count = 0
    for byte in bytes {
      bits = bits << 8 | UInt32(byte)
      count += 8
      while count >= 6 {
        count -= 6
        text.append(alphabet[Int(bits >> UInt32(count)) & 63])
      }
      bits &= (1 << UInt32(count)) - 1
    }
    return String(decoding: text, as: UTF8.self)
  }
}
