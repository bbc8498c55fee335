import OpenSSLCrypto
import SwiftASN1
import Testing
import X509

@Suite struct RequestTests {
  @Test(arguments: KeyType.allCases)
  func `A request proves its key, and swift-certificates agrees`(type: KeyType) throws {
    let key = try PrivateKey(generating: type)
    let request = try OpenSSLCrypto.CertificateSigningRequest(
      key: key, subjectAlternativeNames: [.uri("spiffe://cluster.local/ns/default/sa/a")])
    let read = try OpenSSLCrypto.CertificateSigningRequest(verifying: request.pem)
    #expect(try read.publicKey == key.publicKey())
    let other = try X509.CertificateSigningRequest(derEncoded: request.der)
    #expect(other.publicKey.isValidSignature(other.signature, for: other))
    let attributes = try #require(try other.attributes.extensionRequest)
    #expect(
      try attributes.extensions.subjectAlternativeNames.map(Array.init) == [
        .uniformResourceIdentifier("spiffe://cluster.local/ns/default/sa/a")
      ])
  }

  @Test func `A request signed by another key is refused`() throws {
    let request = try OpenSSLCrypto.CertificateSigningRequest(
      key: PrivateKey(generating: .ecdsaP256), subjectAlternativeNames: [])
    var bytes = request.der
    bytes[bytes.count - 1] ^= 1
    #expect(throws: CryptoError.self) {
      try OpenSSLCrypto.CertificateSigningRequest(
        verifying: PEMBlock(label: "CERTIFICATE REQUEST", bytes: bytes).text)
    }
  }

  @Test func `A damaged request never traps`() throws {
    let request = try OpenSSLCrypto.CertificateSigningRequest(
      key: PrivateKey(generating: .ecdsaP256), subjectAlternativeNames: [])
    for index in request.der.indices {
      for bytes in [Array(request.der.prefix(index)), flipped(request.der, at: index)] {
        #expect(throws: CryptoError.self) {
          try OpenSSLCrypto.CertificateSigningRequest(
            verifying: PEMBlock(label: "CERTIFICATE REQUEST", bytes: bytes).text)
        }
      }
    }
  }

  private func flipped(_ bytes: [UInt8], at index: Int) -> [UInt8] {
    var result = bytes
    result[index] ^= 0x55
    return result
  }
}
