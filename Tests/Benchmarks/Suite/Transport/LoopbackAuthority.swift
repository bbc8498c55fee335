internal import CertificateAuthority
internal import GRPCTransport
internal import OpenSSLCrypto

/// A CA of its own with the TLS of a server on loopback.
struct LoopbackAuthority {
  static let serverName = "istiod.istio-system.svc"

  let authority: CertificateAuthority

  init() throws {
    let material = try SigningMaterial.selfSigned(
      trustDomain: "cluster.local", keyType: .ecdsaP256, lifetime: AuthorityFiles.rootLifetime,
      now: CertificateAuthority.systemClock(), serialNumber: [1])
    authority = try CertificateAuthority(slots: SigningSlots(current: material))
  }

  /// TLS of the server, which takes clients without certificates.
  func server() throws -> GRPCServerTLS {
    let (issued, key) = try authority.issueServerCertificate(
      names: [.dns(Self.serverName)], lifetime: 3600)
    return try GRPCServerTLS(certificateChainPEM: issued.chainPEM, privateKeyPEM: key) { _ in true }
  }

  /// TLS of a client that trusts this CA.
  var client: GRPCClientTLS {
    GRPCClientTLS(rootCertificatesPEM: authority.rootsPEM, serverName: Self.serverName)
  }
}
