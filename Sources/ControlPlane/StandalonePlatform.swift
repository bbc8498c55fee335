internal import CertificateAuthority
internal import KubernetesClient
internal import Logging
internal import OpenSSLCrypto
internal import ServiceLifecycle
internal import StandaloneAPI
internal import Synchronization
internal import WorkloadAuthentication

extension Platform {
  /// A machine without a cluster: an API of its own, and an authority and tokens in the data directory.
  static func standalone(
    _ configuration: ControlPlaneConfiguration, logger: Logger
  ) async throws -> Platform {
    let api = try await StandaloneAPIServer(
      databasePath: configuration.database("objects"), address: configuration.apiAddress,
      rootNamespace: configuration.rootNamespace, logger: logger)
    let directory = "\(configuration.dataDirectory)/ca"
    try PrivateFile.makeDirectory(directory)
    let material = try AuthorityFiles(directory: directory).loadOrCreate(
      trustDomain: configuration.trustDomain,
      keyType: configuration.rsaAuthority ? .rsa2048 : .ecdsaP256)
    let tokens = try JoinTokens(
      path: "\(configuration.dataDirectory)/\(JoinTokens.fileName)",
      clock: CertificateAuthority.systemClock)
    let identity = try IdentityServices(
      configuration, material: material, tokens: [tokens], logger: logger)
    let client = LocalClient(api, logger: logger)
    var services: [any Service] = [api]
    if let path = configuration.configPath {
      services.append(ConfigurationFolder(path: path, server: api, logger: logger))
    }
    return Platform(
      identity: identity, client: { try await client.get() }, accesses: { [] }, states: { [:] },
      services: services + [client], isLeader: nil, webhooks: nil)
  }
}

/// The client of the embedded API, whose address is known once it listens.
private final class LocalClient: Service {
  private let api: StandaloneAPIServer
  private let logger: Logger
  private let client = Mutex<KubernetesClient?>(nil)

  init(_ api: StandaloneAPIServer, logger: Logger) {
    self.api = api
    self.logger = logger
  }

  func get() async throws -> KubernetesClient {
    let address = try await api.boundAddress
    return client.withLock { client in
      if let client { return client }
      let new = KubernetesClient(
        configuration: .init(baseURL: "http://\(address)"), logger: logger)
      client = new
      return new
    }
  }

  func run() async throws {
    try? await gracefulShutdown()
    await client.withLock { $0 }?.shutdown()
  }
}
