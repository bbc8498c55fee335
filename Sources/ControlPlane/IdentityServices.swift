internal import CertificateAuthority
internal import CertificateServer
internal import GRPCTransport
internal import Logging
internal import OpenSSLCrypto
internal import WorkloadAuthentication

/// The certificate authority with what stands on it.
struct IdentityServices: Sendable {
  let authority: CertificateAuthority
  let ledger: IssuanceLedger
  let authenticator: WorkloadAuthenticator
  let certificates: CertificateService
  let tls: GRPCServerTLS

  init(_ configuration: ControlPlaneConfiguration, logger: Logger) throws {
    let directory = "\(configuration.dataDirectory)/ca"
    try PrivateFile.makeDirectory(directory)
    let material = try AuthorityFiles(directory: directory).loadOrCreate(
      trustDomain: configuration.trustDomain,
      keyType: configuration.rsaAuthority ? .rsa2048 : .ecdsaP256)
    ledger = try IssuanceLedger(path: configuration.database("ledger"), logger: logger)
    let authority = try CertificateAuthority(
      slots: SigningSlots(current: material), ledger: ledger)
    self.authority = authority
    let tokens = try JoinTokens(
      path: "\(configuration.dataDirectory)/\(JoinTokens.fileName)",
      clock: CertificateAuthority.systemClock)
    authenticator = WorkloadAuthenticator(
      trustDomain: configuration.trustDomain, verifier: { authority.verifier }, tokens: [tokens],
      clock: CertificateAuthority.systemClock, logger: logger)
    certificates = CertificateService(
      authority: authority, authenticator: authenticator, logger: logger)
    let names =
      ServerCertificateNames.cluster(
        namespace: configuration.rootNamespace, revision: configuration.revision,
        discoveryHost: nil, customHosts: []) + ServerCertificateNames.loopback
    let server = try authority.issueServerCertificate(
      names: names, lifetime: AuthorityFiles.rootLifetime / 10)
    let authenticator = authenticator
    tls = try GRPCServerTLS(
      certificateChainPEM: server.certificate.chainPEM, privateKeyPEM: server.keyPEM,
      verifier: { authenticator.accepts(chainDER: $0) })
  }
}
