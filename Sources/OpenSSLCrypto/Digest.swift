internal import COpenSSL

/// SHA-256.
package enum SHA256Digest {
  /// The 32 bytes of the digest.
  package static func hash(_ bytes: [UInt8]) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: 32)
    guard EVP_Digest(bytes, bytes.count, &result, nil, EVP_sha256(), nil) == 1 else {
      // Only an OpenSSL without SHA-256 gets here; an empty digest equals no stored one.
      return []
    }
    return result
  }
}

/// Random bytes for keys, serial numbers and tokens.
package enum SecureRandom {
  /// Bytes from OpenSSL's generator.
  ///
  /// - Throws: `CryptoError` when the generator has no entropy.
  package static func bytes(_ count: Int) throws(CryptoError) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: max(0, count))
    guard let length = Int32(exactly: result.count), RAND_bytes(&result, length) == 1 else {
      throw CryptoError(openSSL: "make random bytes")
    }
    return result
  }
}
