internal import IstioAPI
internal import MeshModel

/// The destination rules that apply to a service, merged (contract §5.5).
struct ResolvedDestinationRule: Hashable, Sendable {
  var trafficPolicy: TrafficPolicy?
  var subsets: [Subset] = []
  var keys: [ConfigKey] = []

  /// The policy of a port: a port's own settings replace the general ones.
  func policy(port: UInt32, subset: Subset? = nil) -> EffectivePolicy {
    let base = EffectivePolicy(trafficPolicy, port: port)
    guard let overlay = subset?.trafficPolicy else { return base }
    return base.overlaid(with: EffectivePolicy(overlay, port: port))
  }
}

/// A traffic policy after port-level settings are applied.
struct EffectivePolicy: Hashable, Sendable {
  var loadBalancer: LoadBalancerSettings?
  var connectionPool: ConnectionPoolSettings?
  var outlierDetection: OutlierDetection?
  var tls: ClientTLSSettings?
  var proxyProtocol: ProxyProtocol?
  var retryBudget: RetryBudget?

  init(_ policy: TrafficPolicy?, port: UInt32) {
    proxyProtocol = policy?.proxyProtocol
    retryBudget = policy?.retryBudget
    if let own = policy?.portLevelSettings.first(where: { $0.port?.number == port }) {
      loadBalancer = own.loadBalancer
      connectionPool = own.connectionPool
      outlierDetection = own.outlierDetection
      tls = own.tls
    } else {
      loadBalancer = policy?.loadBalancer
      connectionPool = policy?.connectionPool
      outlierDetection = policy?.outlierDetection
      tls = policy?.tls
    }
  }

  func overlaid(with other: EffectivePolicy) -> EffectivePolicy {
    var merged = self
    merged.loadBalancer = other.loadBalancer ?? loadBalancer
    merged.connectionPool = other.connectionPool ?? connectionPool
    merged.outlierDetection = other.outlierDetection ?? outlierDetection
    merged.tls = other.tls ?? tls
    merged.proxyProtocol = other.proxyProtocol ?? proxyProtocol
    merged.retryBudget = other.retryBudget ?? retryBudget
    return merged
  }
}

/// Finds the destination rules of a service as a proxy sees them.
enum DestinationRuleResolution {
  static func resolve(
    _ service: MeshService, _ reader: inout SnapshotReader
  ) -> ResolvedDestinationRule {
    let candidates = reader.destinationRules(boundTo: service.hostname)
    guard !candidates.isEmpty else { return ResolvedDestinationRule() }
    let root = reader.meshConfig().rootNamespace
    let domain = reader.clusterDomain
    for owner in owners(of: candidates, service, root: root, &reader) {
      var visible: [Configuration<DestinationRule>] = []
      for rule in candidates where rule.key.namespace == owner {
        if reader.isVisible(exportedTo: rule.spec.exportTo, owner: owner),
          isSelected(rule, &reader)
        {
          visible.append(rule)
        }
      }
      guard let first = visible.first else { continue }
      let host = HostPattern.resolve(
        first.spec.host, namespace: owner, clusterDomain: domain)
      return merge(
        visible.filter {
          HostPattern.resolve($0.spec.host, namespace: owner, clusterDomain: domain) == host
        })
    }
    return ResolvedDestinationRule()
  }

  /// The namespaces whose rules are looked at, in this order: the viewer's unless it is the root, the
  /// service's, the root.
  private static func owners(
    of rules: [Configuration<DestinationRule>], _ service: MeshService, root: String,
    _ reader: inout SnapshotReader
  ) -> [String] {
    let namespaces = Set(rules.map(\.key.namespace))
    var owners: [String] = []
    // Where one namespace has all the rules, it does not matter whose it is.
    if namespaces.count > 1 || !namespaces.isSubset(of: [service.id.namespace, root]) {
      for namespace in namespaces.sorted() where namespace != root && reader.isOwn(namespace) {
        owners.append(namespace)
      }
    }
    for namespace in [service.id.namespace, root]
    where namespaces.contains(namespace) && !owners.contains(namespace) {
      owners.append(namespace)
    }
    return owners
  }

  private static func isSelected(
    _ rule: Configuration<DestinationRule>, _ reader: inout SnapshotReader
  ) -> Bool {
    guard let selector = rule.spec.workloadSelector else { return true }
    return reader.isOwn(rule.key.namespace) && reader.isSelected(by: selector.matchLabels)
  }

  private static func merge(
    _ rules: [Configuration<DestinationRule>]
  ) -> ResolvedDestinationRule {
    var merged = ResolvedDestinationRule()
    for rule in rules {
      merged.keys.append(rule.key)
      merged.trafficPolicy = merged.trafficPolicy ?? rule.spec.trafficPolicy
      for subset in rule.spec.subsets
      where !merged.subsets.contains(where: { $0.name == subset.name }) {
        merged.subsets.append(subset)
      }
    }
    return merged
  }
}
