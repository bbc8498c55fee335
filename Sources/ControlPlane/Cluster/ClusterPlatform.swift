internal import AdmissionWebhooks
internal import CertificateAuthority
internal import KubernetesAPI
internal import KubernetesClient
internal import Logging
internal import MeshIngest
internal import OpenSSLCrypto
internal import ServiceLifecycle
internal import StatusReporting
internal import WorkloadAuthentication

extension Platform {
  /// A cluster: its API, the authority in its Secrets, its service accounts' tokens, and other replicas.
  static func cluster(
    _ cluster: KubernetesClient.Configuration, _ configuration: ControlPlaneConfiguration,
    ingest: MeshIngest, isReady: @escaping @Sendable () -> Bool, logger: Logger
  ) async throws -> Platform {
    var cluster = cluster
    let mirror = try ClusterMirror(
      dataDirectory: configuration.dataDirectory, secretDirectory: configuration.secretDirectory,
      logger: logger)
    cluster.mirror = mirror
    cluster.patience = configuration.mirrorPatience
    let client = KubernetesClient(configuration: cluster, logger: logger)
    let source = ClusterAuthority(
      client: client, mirror: mirror, namespace: configuration.rootNamespace,
      folder: configuration.authorityDirectory, trustDomain: configuration.trustDomain,
      keyType: configuration.rsaAuthority ? .rsa2048 : .ecdsaP256, logger: logger)
    let (material, place) = try await source.obtain()
    let reviews = TokenReviews(client: client, clock: CertificateAuthority.systemClock)
    let identity = try IdentityServices(
      configuration, material: material, tokens: [reviews], logger: logger)
    let authority = identity.authority
    let roots = RootCertificates(
      client: client, rootsPEM: { authority.rootsPEM }, includes: ingest.includes(namespace:),
      logger: logger)
    let renewal = RootRenewal(
      client: client, namespace: configuration.rootNamespace, place: place, authority: authority,
      logger: logger)
    let statuses = StatusSource()
    let writer = StatusWriter(
      client: client, resources: ObjectStatuses.resources,
      revision: { statuses.statuses?.revision ?? 0 },
      reports: { statuses.statuses?.reports() ?? [:] },
      now: { Timestamp(seconds: CertificateAuthority.systemClock()) }, logger: logger)
    let election = LeaderElection(
      client: client,
      key: ObjectKey(
        namespace: configuration.rootNamespace,
        name: "skein-leader" + (configuration.isDefaultRevision ? "" : "-\(configuration.revision)")
      ),
      identity: configuration.replicaName, timing: configuration.leaderTiming, logger: logger
    ) {
      await withDiscardingTaskGroup { group in
        group.addTask { await roots.keep() }
        group.addTask { await renewal.keep() }
        group.addTask {
          // Of what is not listed yet nothing true could be said.
          while !Task.isCancelled, !isReady() { try? await Task.sleep(for: .milliseconds(200)) }
          await writer.run()
        }
      }
    }
    let trust = WebhookTrust(
      client: client, namespace: configuration.rootNamespace, revision: configuration.revision,
      rootsPEM: { authority.rootsPEM }, logger: logger)
    let injection = InjectionSettings(client, configuration, logger: logger)
    let counters = WebhookCounters()
    let webhooks = AdmissionWebhookServer(
      configuration: AdmissionWebhookConfiguration(
        address: configuration.webhookAddress, tls: identity.webhookTLS,
        injection: { injection.current },
        isReady: isReady),
      counters: counters, logger: logger)
    return Platform(
      identity: identity, client: { client }, accesses: { client.accesses },
      states: { states(client) },
      services: [
        ClientLifetime(client: client, mirror: mirror),
        AuthorityReload(
          source: source, place: place, authority: authority, first: material, logger: logger),
        election, injection, webhooks, trust,
      ],
      isLeader: { election.isLeader }, webhooks: { counters.values },
      statuses: statuses)
  }

  private static func states(_ client: KubernetesClient) -> [String: SyncState] {
    Dictionary(
      client.syncStates.map { ($0.key.plural, $0.value) }, uniquingKeysWith: { first, _ in first })
  }
}

/// Closes the connections of a cluster's client at the end, and writes what its mirror still holds.
private struct ClientLifetime: ServiceLifecycle.Service {
  let client: KubernetesClient
  let mirror: ClusterMirror

  func run() async throws {
    try? await gracefulShutdown()
    await client.shutdown()
    mirror.flush()
  }
}
