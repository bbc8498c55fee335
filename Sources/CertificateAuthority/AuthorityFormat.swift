package import OpenSSLCrypto

/// The entries of a Secret or the files of a folder that hold a certificate authority: those of Istio's
/// `cacerts`, or of a `kubernetes.io/tls` Secret with `ca.crt` as cert-manager writes it.
package enum AuthorityFormat {
  /// Every entry that is looked at.
  package static let names = [
    "ca-cert.pem", "ca-key.pem", "root-cert.pem", "cert-chain.pem", "tls.crt", "tls.key", "ca.crt",
  ]

  /// The authority of istiod's own making, or of this control plane's: its certificate is the root, whatever
  /// stands beside it.
  ///
  /// - Throws: `CryptoError` when the certificate or the key is missing, or they do not belong together.
  package static func selfSigned(
    _ entries: [String: [UInt8]], now: Int64
  ) throws(CryptoError) -> SigningMaterial {
    var own = entries.filter { $0.key == "ca-cert.pem" || $0.key == "ca-key.pem" }
    own["root-cert.pem"] = own["ca-cert.pem"]
    return try material(own, now: now)
  }

  /// The authority of an operator.
  ///
  /// - Throws: `CryptoError` when an entry is missing or the parts do not belong together.
  package static func material(
    _ entries: [String: [UInt8]], now: Int64
  ) throws(CryptoError) -> SigningMaterial {
    func text(_ name: String) -> String? {
      entries[name].map { String(decoding: $0, as: UTF8.self) }
        .flatMap { text in text.contains { !$0.isWhitespace } ? text : nil }
    }
    func required(_ name: String) throws(CryptoError) -> String {
      guard let text = text(name) else {
        throw CryptoError("read a certificate authority", "\(name) is missing or empty")
      }
      return text
    }
    let isCertManager =
      text("ca-cert.pem") == nil && text("ca-key.pem") == nil
      && (text("tls.crt") != nil || text("tls.key") != nil)
    let names =
      isCertManager
      ? (certificate: "tls.crt", key: "tls.key", roots: "ca.crt")
      : (certificate: "ca-cert.pem", key: "ca-key.pem", roots: "root-cert.pem")
    let certificates = try Certificate.parse(pem: try required(names.certificate))
    let key = try PrivateKey(pem: try required(names.key))
    let roots = try Certificate.parse(pem: try required(names.roots))
    guard let certificate = certificates.first else {
      throw CryptoError(
        "read a certificate authority", "\(names.certificate) holds no certificate in PEM")
    }
    let chain = try text("cert-chain.pem").map { text throws(CryptoError) in
      try Certificate.parse(pem: text)
    }
    return try SigningMaterial(
      certificate: certificate, key: key,
      chain: (chain ?? []) + certificates.dropFirst(), roots: roots, now: now)
  }
}
