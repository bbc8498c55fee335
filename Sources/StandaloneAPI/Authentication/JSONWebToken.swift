internal import KubernetesAPI
internal import OpenSSLCrypto
internal import StreamingJSON

/// The compact form of a signed JSON Web Token (RFC 7519, RFC 7515 section 3.1).
enum JSONWebToken {
  /// The longest token that is looked at.
  static let maximumLength = 16_384

  /// A token with these claims.
  static func sign(
    _ claims: JSONValue, keyID: String, with key: PrivateKey
  ) throws(CryptoError) -> String {
    let header: JSONValue = ["alg": "ES256", "kid": .string(keyID)]
    let signed =
      Base64URL.encode(header.serialized()) + "." + Base64URL.encode(claims.serialized())
    let signature = try ES256.sign(Array(signed.utf8), with: key)
    return signed + "." + Base64URL.encode(signature)
  }

  /// The claims of a token that the key has signed; nil for every other text.
  static func verify(_ token: String, keyID: String, with key: PublicKey) -> JSONValue? {
    guard token.utf8.count <= maximumLength else { return nil }
    let parts = token.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, let header = object(parts[0]),
      // The algorithm is this API's to choose; a token that names another is not its own.
      header["alg"] == "ES256", header["kid"] == .string(keyID),
      let signature = Base64URL.decode(parts[2]),
      ES256.verify(signature, of: Array((parts[0] + "." + parts[1]).utf8), with: key)
    else { return nil }
    return object(parts[1])
  }

  private static func object(_ part: Substring) -> JSONValue? {
    guard let bytes = Base64URL.decode(part) else { return nil }
    do throws(JSONDecodingError) {
      let value = try JSONValue(parsing: bytes)
      return value.objectValue == nil ? nil : value
    } catch {
      return nil
    }
  }
}

/// Base64 for URLs, without padding (RFC 4648, section 5).
enum Base64URL {
  static func encode(_ bytes: [UInt8]) -> String {
    Base64.encode(bytes).replacing("+", with: "-").replacing("/", with: "_")
      .replacing("=", with: "")
  }

  static func decode(_ text: some StringProtocol) -> [UInt8]? {
    guard !text.utf8.contains(where: { [0x0A, 0x0D, 0x2B, 0x2F, 0x3D].contains($0) }) else {
      return nil
    }
    let standard = String(text).replacing("-", with: "+").replacing("_", with: "/")
    let padding = String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4)
    return Base64.decode(standard + padding)
  }
}
