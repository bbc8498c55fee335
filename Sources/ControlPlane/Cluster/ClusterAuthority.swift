internal import CertificateAuthority
internal import KubernetesAPI
internal import KubernetesClient
internal import Logging
internal import OpenSSLCrypto
internal import StreamingJSON

/// The certificate authority of a cluster: the operator's own in `cacerts`, as a folder or a Secret, else
/// the one in the Secret `istio-ca-secret`, which is made once (contract §12.2).
///
/// An authority of the operator's that is incomplete is an error, never a reason to use another one.
struct ClusterAuthority: Sendable {
  /// Where the authority was found.
  enum Source: Hashable, Sendable {
    case folder(String)
    case secret(String)
  }

  static let operatorSecret = "cacerts"
  static let ownSecret = "istio-ca-secret"
  static let ownSecretType = "istio.io/ca-root"

  let client: KubernetesClient
  /// Has copies of the Secrets, for when the API is away.
  let mirror: any ObjectMirror
  let namespace: String
  /// A folder that may hold the operator's authority.
  let folder: String
  let trustDomain: String
  let keyType: KeyType
  let logger: Logger

  /// The authority; waits for the API while it is away, and makes the authority where there is none.
  ///
  /// - Throws: `ControlPlaneError` for an authority that cannot be used.
  func obtain() async throws -> (material: SigningMaterial, source: Source) {
    if let material = try fromFolder() { return (material, .folder(folder)) }
    var backoff = Backoff()
    var generator = SystemRandomNumberGenerator()
    let deadline = ContinuousClock.now + client.patience
    while true {
      do {
        if let secret = try await read(Self.operatorSecret) {
          return (try material(secret, Self.operatorSecret), .secret(Self.operatorSecret))
        }
        if let secret = try await read(Self.ownSecret) {
          return (try material(secret, Self.ownSecret), .secret(Self.ownSecret))
        }
        try await create()
      } catch let error as KubernetesClientError {
        if ContinuousClock.now >= deadline, let kept = try fromMirror() { return kept }
        let wait = backoff.next(using: &generator)
        logger.warning(
          error.code == 403
            ? "the Secrets of the certificate authority may not be read; grant get and create"
            : "the certificate authority cannot be read; trying again",
          metadata: ["error": "\(error)", "kubernetes.namespace": "\(namespace)"])
        try await Task.sleep(for: wait)
      }
    }
  }

  private func fromMirror() throws -> (SigningMaterial, Source)? {
    let secrets = (mirror.objects(of: .secrets) ?? []).compactMap { bytes in
      (try? JSONReader(bytes)).flatMap { try? DecodedObject<Secret>(decoding: $0) }
    }
    for name in [Self.operatorSecret, Self.ownSecret] {
      let key = ObjectKey(namespace: namespace, name: name)
      guard let secret = secrets.first(where: { $0.key == key })?.value else { continue }
      logger.warning("the API server is away; the kept certificate authority is used")
      return (try material(secret, name), .secret(name))
    }
    return nil
  }

  /// The authority as it is now at its source; nil while it cannot be read.
  func current(_ source: Source) async throws -> SigningMaterial? {
    switch source {
    case .folder: return try fromFolder()
    case .secret(let name):
      guard let secret = try await read(name) else { return nil }
      return try material(secret, name)
    }
  }

  private func fromFolder() throws -> SigningMaterial? {
    var files: [String: [UInt8]] = [:]
    for name in AuthorityFormat.names {
      files[name] = try PrivateFile.read("\(folder)/\(name)")
    }
    guard !files.isEmpty else { return nil }
    do throws(CryptoError) {
      return try AuthorityFormat.material(files, now: CertificateAuthority.systemClock())
    } catch {
      throw ControlPlaneError("the certificate authority in \(folder) cannot be used: \(error)")
    }
  }

  private func read(_ name: String) async throws(KubernetesClientError) -> Secret? {
    let key = ObjectKey(namespace: namespace, name: name)
    do throws(KubernetesClientError) {
      let object = try await client.get(.secrets, key)
      let decoded = (try? JSONReader(object.serialized())).flatMap {
        try? DecodedObject<Secret>(decoding: $0)
      }
      guard let secret = decoded?.value else {
        throw .malformedAnswer("the Secret \(key) cannot be read")
      }
      return secret
    } catch {
      if error.isNotFound { return nil }
      throw error
    }
  }

  private func material(
    _ secret: Secret, _ name: String
  ) throws(ControlPlaneError) -> SigningMaterial {
    do throws(CryptoError) {
      let now = CertificateAuthority.systemClock()
      return name == Self.ownSecret
        ? try AuthorityFormat.selfSigned(secret.data, now: now)
        : try AuthorityFormat.material(secret.data, now: now)
    } catch {
      throw ControlPlaneError(
        "the certificate authority in the Secret \(namespace)/\(name) cannot be used: \(error)")
    }
  }

  /// Makes the authority; where another replica was first, that one's is read next.
  private func create() async throws(KubernetesClientError) {
    let data: [String: String]
    do {
      let material = try SigningMaterial.selfSigned(
        trustDomain: trustDomain, keyType: keyType, lifetime: AuthorityFiles.rootLifetime,
        now: CertificateAuthority.systemClock(),
        serialNumber: try CertificateAuthority.randomSerialNumbers())
      data = [
        "ca-cert.pem": material.certificate.pem, "ca-key.pem": try material.privateKeyPEM(),
        "root-cert.pem": material.certificate.pem, "cert-chain.pem": "", "key.pem": "",
      ]
    } catch {
      throw .malformedAnswer("an authority cannot be made: \(error)")
    }
    var secret: JSONValue = [
      "apiVersion": "v1", "kind": "Secret", "type": .string(Self.ownSecretType),
      "metadata": ["name": .string(Self.ownSecret), "namespace": .string(namespace)],
    ]
    for (name, text) in data.sorted(by: { $0.key < $1.key }) {
      secret[path: ["data", name]] = .string(Base64.encode(Array(text.utf8)))
    }
    let object = secret
    do throws(KubernetesClientError) {
      _ = try await client.create(object, as: .secrets, namespace: namespace)
      logger.notice(
        "a certificate authority was made",
        metadata: ["kubernetes.secret": "\(namespace)/\(Self.ownSecret)"])
    } catch {
      guard error.isConflict else { throw error }
    }
  }
}
