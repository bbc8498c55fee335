internal import AdmissionWebhooks
internal import KubernetesClient
internal import ServiceLifecycle

/// Where a control plane runs: what its objects and its identities come from.
struct Platform: Sendable {
  let identity: IdentityServices
  /// The client through which objects are followed; may wait until the API is up.
  let client: @Sendable () async throws -> KubernetesClient
  /// How far the resources that are followed have come; nil before anything is.
  let accesses: @Sendable () -> [APIAccess]
  let states: @Sendable () -> [String: SyncState]
  /// What has to run for it, in the order in which it starts.
  let services: [any Service]
  /// Whether this replica does what only one may; nil where there are no others.
  let isLeader: (@Sendable () -> Bool)?
  /// What came of the API server's questions; nil where none asks.
  let webhooks: (@Sendable () -> WebhookCounters.Values)?
}
