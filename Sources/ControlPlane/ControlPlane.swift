internal import CertificateAuthority
internal import CertificateServer
internal import Diagnostics
internal import DiscoveryServer
internal import EnvoyTranslation
internal import GRPCTransport
internal import KubernetesClient
package import Logging
internal import MeshIngest
internal import MeshStore
internal import OpenSSLCrypto
internal import ServiceLifecycle
internal import StandaloneAPI
internal import WorkloadAuthentication

/// The daemon: wires ingest, store, translation and servers, in the order in which data flows.
package struct ControlPlane: Service {
  private let configuration: ControlPlaneConfiguration
  private let logger: Logger

  package init(configuration: ControlPlaneConfiguration, logger: Logger) {
    self.configuration = configuration
    self.logger = logger
  }

  package func run() async throws {
    try PrivateFile.makeDirectory(configuration.dataDirectory)
    let lock = try DirectoryLock(configuration.dataDirectory)
    defer { withExtendedLifetime(lock) {} }
    try await ListeningAddresses(configuration).check()
    let readiness = Readiness()
    let api = try await StandaloneAPIServer(
      databasePath: configuration.database("objects"), address: configuration.apiAddress,
      rootNamespace: configuration.rootNamespace, logger: logger)
    let identity = try IdentityServices(configuration, logger: logger)
    let store = MeshStore(clusterDomain: configuration.clusterDomain)
    let ingest = MeshIngest(
      clusterDomain: configuration.clusterDomain, clusterID: configuration.clusterID,
      rootNamespace: configuration.rootNamespace, awaiting: MeshIngest.joinedResources,
      logger: logger
    ) { updates in store.apply(updates) }
    try MeshConfigurationFile.load(configuration, into: store)
    let translation = MeshTranslation(snapshot: store.snapshot)
    let discovery = DiscoveryService(
      discovery: translation, authenticator: identity.authenticator,
      isReady: { readiness.isReady }, logger: logger)
    let phases = PeerAuthenticationPhases(
      store: store, streams: discovery.streams, logger: logger)
    let plaintext = GRPCServer(
      addresses: try [address(configuration.grpcAddress)], services: [discovery], logger: logger)
    let secure = GRPCServer(
      addresses: try [address(configuration.secureGRPCAddress)], tls: identity.tls,
      services: [discovery, identity.certificates], logger: logger)
    let diagnostics = DiagnosticsServer(
      addresses: [configuration.httpAddress, configuration.monitoringAddress],
      sources: DiagnosticSources.make(
        discovery: discovery, translation: translation, ingest: ingest, store: store,
        readiness: readiness, identity: identity, phases: phases), logger: logger)
    var services: [any Service] = [api, identity.ledger]
    if let path = configuration.configPath {
      services.append(ConfigurationFolder(path: path, server: api, logger: logger))
    }
    services += [
      IngestService(
        api: api, ingest: ingest, readiness: readiness,
        signal: {
          // What is read at the start is no change: proxies may have had it for long.
          store.beginPhases()
          store.signal()
        },
        logger: logger),
      TranslationService(
        store: store, translation: translation, readiness: readiness, phases: phases),
      phases,
      plaintext, secure, diagnostics,
    ]
    let group = ServiceGroup(
      configuration: .init(services: services.map { .init(service: $0) }, logger: logger))
    try await group.run()
  }

  private func address(_ text: String) throws -> GRPCAddress {
    guard let address = GRPCAddress(text) else {
      throw ControlPlaneError("\(text) is not an address of the form host:port")
    }
    return address
  }
}
