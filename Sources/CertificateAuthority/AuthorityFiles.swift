package import OpenSSLCrypto

/// A CA in a directory, in the layout of Istio's `cacerts`: `ca-cert.pem`, `ca-key.pem`,
/// `root-cert.pem` and `cert-chain.pem`.
package struct AuthorityFiles: Sendable {
  /// Ten years, in seconds.
  package static let rootLifetime: Int64 = 3650 * 86_400

  private let directory: String

  /// The CA in this directory, which must exist before `create`.
  package init(directory: String) {
    self.directory = directory
  }

  /// Reads the CA; nil when the directory has none.
  ///
  /// `cert-chain.pem` may be missing; the roots are then expected to have signed the CA.
  ///
  /// - Throws: `CryptoError` when a file is missing or the parts do not belong together.
  package func load(now: Int64) throws(CryptoError) -> SigningMaterial? {
    guard let certificateText = try text("ca-cert.pem") else { return nil }
    guard let keyText = try text("ca-key.pem") else { throw missing("ca-key.pem") }
    guard let rootText = try text("root-cert.pem") else { throw missing("root-cert.pem") }
    guard let certificate = try Certificate.parse(pem: certificateText).first else {
      throw CryptoError("read \(directory)/ca-cert.pem", "it has no certificate")
    }
    return try SigningMaterial(
      certificate: certificate, key: try PrivateKey(pem: keyText),
      chain: try Certificate.parse(pem: try text("cert-chain.pem") ?? ""),
      roots: try Certificate.parse(pem: rootText), now: now)
  }

  /// Makes a self-signed CA and writes its files, the key readable by its owner alone.
  package func create(
    trustDomain: String, keyType: KeyType, now: Int64, serialNumber: [UInt8]
  ) throws(CryptoError) -> SigningMaterial {
    let material = try SigningMaterial.selfSigned(
      trustDomain: trustDomain, keyType: keyType, lifetime: Self.rootLifetime, now: now,
      serialNumber: serialNumber)
    let pem = Array(material.certificate.pem.utf8)
    // The certificate comes last: a directory without it holds no CA.
    try PrivateFile.write(Array(try material.key.pem().utf8), to: path("ca-key.pem"))
    try PrivateFile.write(pem, to: path("root-cert.pem"), mode: 0o644)
    try PrivateFile.write(pem, to: path("cert-chain.pem"), mode: 0o644)
    try PrivateFile.write(pem, to: path("ca-cert.pem"), mode: 0o644)
    return material
  }

  /// Reads the CA, or makes it when there is none.
  package func loadOrCreate(
    trustDomain: String, keyType: KeyType = .ecdsaP256,
    clock: CertificateAuthority.Clock = CertificateAuthority.systemClock,
    serialNumbers: CertificateAuthority.SerialNumbers = CertificateAuthority.randomSerialNumbers
  ) throws(CryptoError) -> SigningMaterial {
    if let existing = try load(now: clock()) { return existing }
    return try create(
      trustDomain: trustDomain, keyType: keyType, now: clock(),
      serialNumber: try serialNumbers())
  }

  private func path(_ name: String) -> String { "\(directory)/\(name)" }

  private func text(_ name: String) throws(CryptoError) -> String? {
    try PrivateFile.read(path(name)).map { String(decoding: $0, as: UTF8.self) }
  }

  private func missing(_ name: String) -> CryptoError {
    CryptoError("read the CA in \(directory)", "\(name) is missing")
  }
}
