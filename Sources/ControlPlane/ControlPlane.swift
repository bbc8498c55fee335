internal import CertificateAuthority
internal import CertificateServer
internal import Diagnostics
internal import DiscoveryServer
internal import EnvoyTranslation
internal import GRPCTransport
internal import IstioAPI
internal import KubernetesClient
package import Logging
internal import MeshIngest
internal import MeshModel
internal import MeshStore
internal import OpenSSLCrypto
internal import ServiceLifecycle
internal import XDSProtocol

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
    let readiness = Readiness(sources: IngestedObject.resources)
    // Whoever looks after the process can tell from its start that it runs, and what it waits for.
    let diagnostics = DiagnosticsServer(
      addresses: [configuration.httpAddress, configuration.monitoringAddress],
      sources: .starting { readiness.waitingFor }, logger: logger)
    let mesh = MeshServices(
      configuration: configuration, readiness: readiness, diagnostics: diagnostics, logger: logger)
    let group = ServiceGroup(
      configuration: .init(
        services: [.init(service: diagnostics), .init(service: mesh)], logger: logger))
    try await group.run()
  }
}

/// Everything but the diagnostics, which are there before the certificate authority is.
private struct MeshServices: Service {
  let configuration: ControlPlaneConfiguration
  let readiness: Readiness
  let diagnostics: DiagnosticsServer
  let logger: Logger

  func run() async throws {
    let mesh = try MeshConfigurationFile.load(configuration)
    let store = MeshStore(clusterDomain: configuration.clusterDomain)
    store.apply([.meshConfig(mesh)])
    let relisting = Relisting()
    let ingest = MeshIngest(
      clusterDomain: configuration.clusterDomain, clusterID: configuration.clusterID,
      rootNamespace: configuration.rootNamespace, meshConfigMap: configuration.meshConfigMap,
      awaiting: MeshIngest.joinedResources,
      selectors: mesh.discoverySelectors, logger: logger, needsListing: relisting.request
    ) { updates in store.apply(updates) }
    let platform =
      if let cluster = configuration.cluster {
        try await cancelWhenGracefulShutdown {
          try await Platform.cluster(
            cluster, configuration, ingest: ingest, isReady: { readiness.isReady }, logger: logger)
        }
      } else {
        try await Platform.standalone(configuration, logger: logger)
      }
    let identity = platform.identity
    readiness.meet(.identity)
    let audit = ObjectAudit(interval: configuration.auditInterval, logger: logger)
    let translation = MeshTranslation(snapshot: store.snapshot)
    let discovery = DiscoveryService(
      discovery: translation, authenticator: identity.authenticator,
      isReady: { readiness.isReady },
      serves: { $0 == .sidecar || readiness.areSecretsKnown },
      trustsLabels: configuration.cluster == nil, logger: logger)
    platform.statuses.set(
      ObjectStatuses(
        ingest: ingest, store: store, translation: translation, streams: discovery.streams))
    let phases = PeerAuthenticationPhases(
      store: store, streams: discovery.streams, logger: logger)
    let plaintext = GRPCServer(
      addresses: try [address(configuration.grpcAddress)], services: [discovery], logger: logger)
    let secure = GRPCServer(
      addresses: try [address(configuration.secureGRPCAddress)], tls: identity.tls,
      services: [discovery, identity.certificates], logger: logger)
    diagnostics.show(
      DiagnosticSources.make(
        discovery: discovery, translation: translation, ingest: ingest, store: store,
        readiness: readiness, platform: platform, audit: audit, phases: phases))
    let services: [any Service] =
      platform.services + [
        identity.ledger, identity.renewal,
        IngestService(
          client: platform.client, ingest: ingest, readiness: readiness, audit: audit,
          relisting: relisting, rootNamespace: configuration.rootNamespace,
          signal: {
            // What is read at the start is no change: proxies may have had it for long.
            store.beginPhases()
            store.signal()
          },
          logger: logger),
        audit,
        TranslationService(
          store: store, translation: translation, readiness: readiness, phases: phases),
        phases,
        plaintext, secure,
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
