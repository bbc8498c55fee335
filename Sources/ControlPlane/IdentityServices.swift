internal import AdmissionWebhooks
internal import CertificateAuthority
internal import CertificateServer
internal import GRPCTransport
internal import Logging
internal import OpenSSLCrypto
internal import ServiceLifecycle
internal import WorkloadAuthentication

/// The certificate authority with what stands on it.
struct IdentityServices: Sendable {
  let authority: CertificateAuthority
  let ledger: IssuanceLedger
  let authenticator: WorkloadAuthenticator
  let certificates: CertificateService
  let tls: GRPCServerTLS
  /// The certificate of the webhooks, the same as that of discovery.
  let webhookTLS: WebhookTLS
  /// Keeps the control plane's own certificate fresh.
  let renewal: ServerCertificateRenewal

  /// Services around `material`, for callers who prove themselves by a certificate or by what `tokens` know.
  init(
    _ configuration: ControlPlaneConfiguration, material: SigningMaterial,
    tokens: [any TokenAuthenticator], logger: Logger
  ) throws {
    ledger = try IssuanceLedger(path: configuration.database("ledger"), logger: logger)
    let authority = try CertificateAuthority(
      slots: SigningSlots(current: material), ledger: ledger)
    self.authority = authority
    authenticator = WorkloadAuthenticator(
      trustDomain: configuration.trustDomain, verifier: { authority.verifier }, tokens: tokens,
      clock: CertificateAuthority.systemClock, logger: logger)
    certificates = CertificateService(
      authority: authority, authenticator: authenticator, logger: logger)
    let names =
      ServerCertificateNames.cluster(
        namespace: configuration.rootNamespace, revision: configuration.revision,
        discoveryHost: nil, customHosts: configuration.customHosts)
      + ServerCertificateNames.loopback
    let lifetime = AuthorityFiles.rootLifetime / 10
    let server = try authority.issueServerCertificate(names: names, lifetime: lifetime)
    let authenticator = authenticator
    let tls = try GRPCServerTLS(
      certificateChainPEM: server.certificate.chainPEM, privateKeyPEM: server.keyPEM,
      verifier: { authenticator.accepts(chainDER: $0) })
    self.tls = tls
    let webhookTLS = try WebhookTLS(
      certificateChainPEM: server.certificate.chainPEM, privateKeyPEM: server.keyPEM)
    self.webhookTLS = webhookTLS
    renewal = ServerCertificateRenewal(
      authority: authority, first: server.certificate.certificate, names: names, lifetime: lifetime,
      logger: logger
    ) { certificate, keyPEM in
      try tls.update(certificateChainPEM: certificate.chainPEM, privateKeyPEM: keyPEM)
      try webhookTLS.update(certificateChainPEM: certificate.chainPEM, privateKeyPEM: keyPEM)
    }
  }
}
