import Foundation
import MeshTesting
import OpenSSLCrypto
import SwiftASN1
import Testing
import X509

/// Requests as an attacker would send them. swift-certificates is the judge.
@Suite struct MutatedRequestTests {
  @Test(arguments: KeyType.allCases)
  func `Whatever is accepted has the signature of its key`(type: KeyType) throws {
    let request = try OpenSSLCrypto.CertificateSigningRequest(
      key: PrivateKey(generating: type), subjectAlternativeNames: [.dns("a")])
    var random = SplitMix64(state: 1)
    var accepted = 0
    for _ in 0..<1500 {
      let der = mutated(request.der, using: &random)
      let pem = PEMBlock(label: "CERTIFICATE REQUEST", bytes: der).text
      guard let read = try? OpenSSLCrypto.CertificateSigningRequest(verifying: pem) else {
        continue
      }
      accepted += 1
      #expect(try isProven(der))
      #expect(read.der == der)
    }
    // Any change breaks the signature, except to the unused bits of what is not signed.
    #expect(accepted < 15)
  }

  @Test func `Changes to the text alone are seen through or refused`() throws {
    let request = try OpenSSLCrypto.CertificateSigningRequest(
      key: PrivateKey(generating: .ecdsaP256), subjectAlternativeNames: [])
    var random = SplitMix64(state: 2)
    for _ in 0..<1500 {
      let text = mutated(Array(request.pem.utf8), using: &random)
      let pem = String(decoding: text, as: UTF8.self)
      guard let read = try? OpenSSLCrypto.CertificateSigningRequest(verifying: pem) else {
        continue
      }
      #expect(read.publicKey == request.publicKey)
      #expect(try isProven(read.der))
    }
    for pem in [
      request.pem.replacing("\n", with: "\r\n"), request.pem.replacing("\n", with: " \t\n\n"),
      "text\n" + request.pem + "text",
      request.pem.replacing("CERTIFICATE REQUEST", with: "NEW CERTIFICATE REQUEST"),
    ] {
      let read = try OpenSSLCrypto.CertificateSigningRequest(verifying: pem)
      #expect(read.publicKey == request.publicKey)
    }
  }

  @Test func `Base64 is read as Foundation reads it`() throws {
    var random = SplitMix64(state: 3)
    let alphabet = Array("ABCXYZabcxyz0189+/==".utf8)
    for round in 0..<3000 {
      let text: [UInt8]
      if round.isMultiple(of: 2) {
        text = (0..<Int.random(in: 1...16, using: &random)).map { _ in
          alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
        }
      } else {
        let bytes = (0..<Int.random(in: 1...100, using: &random)).map { _ in
          UInt8.random(in: 0...255, using: &random)
        }
        text = Array(Data(bytes).base64EncodedString().utf8)
        let lines = PEMBlock(label: "X", bytes: bytes).text.split(separator: "\n")
        #expect(lines.dropFirst().dropLast().joined().utf8.elementsEqual(text))
      }
      let string = String(decoding: text, as: UTF8.self)
      // Foundation reads on behind padding that stands in the middle, and overlooks padding too much.
      let padding = text.drop { $0 != UInt8(ascii: "=") }
      let isMisplaced =
        text.count % 4 != 0 || padding.count > 2 || padding.contains { $0 != UInt8(ascii: "=") }
      let expected = isMisplaced ? nil : Data(base64Encoded: string).map(Array.init)
      let read = try? PEMBlock.parse("-----BEGIN X-----\n\(string)\n-----END X-----\n")
      #expect(read?.first?.bytes == expected, "\(string)")
    }
  }

  @Test(
    arguments: [
      // The end of the key's INTEGER 65537: one, an even exponent, no exponent.
      [0x00, 0x00, 0x01], [0x01, 0x00, 0x00], [0x00, 0x00, 0x00],
    ] as [[UInt8]])
  func `RSA keys with which nothing is proven are refused`(exponent: [UInt8]) throws {
    let key = try PrivateKey(generating: .rsa2048).publicKey().subjectPublicKeyInfoDER
    #expect(key.suffix(5) == [0x02, 0x03, 0x01, 0x00, 0x01])
    #expect(throws: CryptoError.self) {
      try PublicKey(subjectPublicKeyInfoDER: key.dropLast(3) + exponent)
    }
    var even = key
    even[key.count - 6] &= 0xFE
    #expect(throws: CryptoError.self) { try PublicKey(subjectPublicKeyInfoDER: even) }
  }

  @Test func `A point that is not on the curve verifies nothing`() throws {
    let request = try OpenSSLCrypto.CertificateSigningRequest(
      key: PrivateKey(generating: .ecdsaP256), subjectAlternativeNames: [])
    let key = request.publicKey.subjectPublicKeyInfoDER
    let start = try #require(request.der.firstRange(of: key)).upperBound - 1
    for bit in 0..<8 {
      var der = request.der
      der[start] ^= 1 << UInt8(bit)
      #expect(throws: CryptoError.self) {
        try OpenSSLCrypto.CertificateSigningRequest(
          verifying: PEMBlock(label: "CERTIFICATE REQUEST", bytes: der).text)
      }
    }
  }

  @Test func `A request without end is refused before it is read`() {
    let line = String(repeating: "A", count: 64) + "\n"
    let pem =
      "-----BEGIN CERTIFICATE REQUEST-----\n" + String(repeating: line, count: 20_000)
      + "-----END CERTIFICATE REQUEST-----\n"
    #expect(
      throws: CryptoError("read a certificate signing request", "too long"),
      performing: { try OpenSSLCrypto.CertificateSigningRequest(verifying: pem) })
  }

  private func isProven(_ der: [UInt8]) throws -> Bool {
    let other = try X509.CertificateSigningRequest(derEncoded: der)
    return other.publicKey.isValidSignature(other.signature, for: other)
  }

  private func mutated(_ bytes: [UInt8], using random: inout SplitMix64) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let index = Int.random(in: bytes.indices, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
      case 2: bytes.remove(at: index)
      default: bytes.removeSubrange(index..<min(bytes.count, index + 7))
      }
      if bytes.isEmpty { return [0] }
    }
    return bytes
  }
}
