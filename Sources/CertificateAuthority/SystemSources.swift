internal import OpenSSLCrypto

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

extension CertificateAuthority {
  /// The clock of the machine.
  package static let systemClock: Clock = { Int64(time(nil)) }

  /// 127 random bits: positive and never zero in practice (RFC 5280, section 4.1.2.2).
  package static let randomSerialNumbers: SerialNumbers = { () throws(CryptoError) in
    var bytes = try SecureRandom.bytes(16)
    bytes[0] = bytes[0] & 0x7F | 0x40
    return bytes
  }
}
