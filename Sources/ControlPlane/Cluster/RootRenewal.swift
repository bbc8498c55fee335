internal import CertificateAuthority
internal import KubernetesAPI
internal import KubernetesClient
internal import Logging
internal import OpenSSLCrypto
internal import StreamingJSON

/// Renews the root that is in `istio-ca-secret`, which nobody but the control plane looks after: with the
/// same key, so that everything it signed stays valid (contract §12.2).
struct RootRenewal: Sendable {
  private static let interval = Duration.seconds(10)
  private static let pauseAfterFailure = Duration.seconds(60)

  let client: KubernetesClient
  let namespace: String
  /// Where the authority in force was found.
  let place: ClusterAuthority.Source
  let authority: CertificateAuthority
  let logger: Logger

  /// Works until it is cancelled.
  func keep() async {
    guard place == .secret(ClusterAuthority.ownSecret) else { return }
    while !Task.isCancelled {
      var pause = Self.interval
      do {
        if isDue(authority.signingChain.first) { try await renew() }
      } catch {
        pause = Self.pauseAfterFailure
        logger.error(
          "the root certificate cannot be renewed",
          metadata: [
            "kubernetes.secret": "\(namespace)/\(ClusterAuthority.ownSecret)",
            "error": "\(error)",
          ])
      }
      try? await Task.sleep(for: pause)
    }
  }

  private func isDue(_ root: Certificate?) -> Bool {
    root.map { SigningMaterial.isDueForRenewal($0, at: CertificateAuthority.systemClock()) }
      ?? false
  }

  private func renew() async throws {
    let key = ObjectKey(namespace: namespace, name: ClusterAuthority.ownSecret)
    let object = try await client.get(.secrets, key)
    let secret = try DecodedObject<Secret>(decoding: JSONReader(object.serialized()))
    let now = CertificateAuthority.systemClock()
    let material = try AuthorityFormat.selfSigned(secret.value?.data ?? [:], now: now)
    // It may be new already, and not in force here yet.
    guard isDue(material.certificate) else { return }
    let renewed = try material.renewed(
      lifetime: AuthorityFiles.rootLifetime, now: now,
      serialNumber: try CertificateAuthority.randomSerialNumbers())
    let root = JSONValue.string(Base64.encode(Array(renewed.certificate.pem.utf8)))
    _ = try await client.patch(
      .secrets, key,
      operations: [
        [
          "op": "test", "path": "/metadata/resourceVersion",
          "value": .string(secret.metadata.resourceVersion),
        ],
        ["op": "add", "path": "/data/ca-cert.pem", "value": root],
        ["op": "add", "path": "/data/root-cert.pem", "value": root],
      ])
    logger.notice(
      "the root certificate was renewed, with the same key",
      metadata: ["kubernetes.secret": "\(key)", "notAfter": "\(renewed.certificate.notAfter)"])
  }
}
