import Foundation
import OpenSSLCrypto
import Testing

@Suite struct KeyTests {
  @Test(arguments: KeyType.allCases)
  func `A key survives PEM`(type: KeyType) throws {
    let key = try PrivateKey(generating: type)
    let pem = try key.pem()
    #expect(pem.hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
    let copy = try PrivateKey(pem: pem)
    #expect(try copy.publicKey() == key.publicKey())
  }

  @Test(arguments: [
    "", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    "-----BEGIN PRIVATE KEY-----\nAAAA\n",
    "-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----\n",
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
  ])
  func `What is not a key is refused`(pem: String) {
    #expect(throws: CryptoError.self) { try PrivateKey(pem: pem) }
  }

  @Test func `SHA-256 gives the known digest`() {
    // FIPS 180-2, appendix B.1.
    let digest = SHA256Digest.hash(Array("abc".utf8))
    #expect(digest.prefix(4) == [0xBA, 0x78, 0x16, 0xBF])
    #expect(digest.count == 32)
  }

  @Test(arguments: 0..<70)
  func `PEM keeps content of any length`(length: Int) throws {
    let block = PEMBlock(label: "X", bytes: (0..<length).map { UInt8($0 * 3 % 256) })
    let text = "text before\r\n" + block.text.replacing("\n", with: "\r\n") + "text after"
    #expect(try PEMBlock.parse(text) == [block])
  }

  @Test func `A private file is readable by its owner alone and replaced as a whole`() throws {
    let path = "/tmp/skein-crypto-\(UInt64.random(in: 0...UInt64.max))"
    try PrivateFile.makeDirectory("\(path)/a/b")
    try PrivateFile.write([1, 2, 3], to: "\(path)/a/b/key")
    try PrivateFile.write([4], to: "\(path)/a/b/key")
    #expect(try PrivateFile.read("\(path)/a/b/key") == [4])
    #expect(try PrivateFile.read("\(path)/a/b/other") == nil)
    let attributes = try FileManager.default.attributesOfItem(atPath: "\(path)/a/b/key")
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(path)/a/b") == ["key"])
    try FileManager.default.removeItem(atPath: path)
  }
}
