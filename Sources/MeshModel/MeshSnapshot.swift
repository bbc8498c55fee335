internal import HashTreeCollections
internal import IstioAPI

/// The whole mesh at one moment, as a value: a copy is cheap and shares all that did not change.
///
/// Nothing reads it but ``SnapshotReader``, which records what was read.
package struct MeshSnapshot: Sendable {
  /// Counts the updates that changed something.
  package internal(set) var revision: UInt64 = 0
  /// Counts those of the updates that changed more than endpoints and workloads.
  package internal(set) var configurationRevision: UInt64 = 0
  package let clusterDomain: String
  var meshConfig = MeshConfig()
  var services: TreeDictionary<ServiceID, MeshService> = [:]
  var servicesOfHost: TreeDictionary<String, [ServiceID]> = [:]
  var servicesOfPort: TreeDictionary<UInt32, TreeSet<ServiceID>> = [:]
  var servicesOfAddress: TreeDictionary<String, TreeSet<ServiceID>> = [:]
  var servicesOfNamespace: TreeDictionary<String, [ServiceID]> = [:]
  /// For how many services it matters on which node their callers are.
  var nodeAwareServices = 0
  var endpoints: TreeDictionary<ServiceID, [MeshEndpoint]> = [:]
  var serviceAccounts: TreeDictionary<ServiceID, [String]> = [:]
  var workloads: TreeDictionary<ConfigKey, Workload> = [:]
  var workloadsOfAddress: TreeDictionary<String, [ConfigKey]> = [:]
  var virtualServices = BoundConfigurations<VirtualService>()
  var destinationRules = BoundConfigurations<DestinationRule>()
  /// The virtual services of gateways, by the gateways' `namespace/name`.
  var gatewayBindings: TreeDictionary<String, GatewayBindings> = [:]
  /// How many objects select workloads by each label key on the client's side.
  var selectorLabels: TreeDictionary<String, Int> = [:]
  var gateways: TreeDictionary<String, [Configuration<Gateway>]> = [:] {
    didSet { orderedGateways = Lazily() }
  }
  var sidecars: TreeDictionary<String, [Configuration<Sidecar>]> = [:]
  var peerAuthentications: TreeDictionary<String, [Configuration<PeerAuthentication>]> = [:]

  /// Whether policies that are replaced stay in force beside their successors until they are retired.
  package internal(set) var phasesPeerAuthentications = false
  /// Counts the changes of policies of mutual TLS.
  package internal(set) var peerAuthenticationRevision: UInt64 = 0
  /// The policies that were in force before the changes under way, by the namespaces that changed.
  var retiringPeerAuthentications: [String: [Configuration<PeerAuthentication>]] = [:]
  var secrets: TreeDictionary<ConfigKey, TLSSecret> = [:]
  /// The secrets that are remembered although they were deleted, the first one first.
  var withdrawnSecrets: [ConfigKey] = []

  // Planning a view asks for these many times over, so they are not sorted each time.
  private var orderedGateways = Lazily<[Configuration<Gateway>]>()

  package init(clusterDomain: String = "cluster.local") {
    self.clusterDomain = clusterDomain
  }

  /// Every gateway, the oldest first.
  var gatewaysInOrder: [Configuration<Gateway>] {
    orderedGateways.value {
      gateways.values.flatMap { $0 }.sorted(by: Configuration.precedes)
    }
  }
}

/// Configurations that are found by the hosts they are bound to.
struct BoundConfigurations<Spec: Hashable & Sendable>: Sendable {
  var byKey: TreeDictionary<ConfigKey, Configuration<Spec>> = [:]
  /// Exact hosts and wildcards alike, each with its objects in Istio's order.
  var byHost: TreeDictionary<String, [Configuration<Spec>]> = [:]
  var wildcards: [String] = []
}
