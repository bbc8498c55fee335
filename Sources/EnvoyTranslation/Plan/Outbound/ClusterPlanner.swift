internal import IstioAPI
internal import MeshModel
internal import ProtobufWire

/// Plans the clusters of a service as a proxy sees it (contract §5).
enum ClusterPlanner {
  /// The clusters of all ports, each followed by those of its subsets.
  static func clusters(
    of service: MeshService, _ scope: OutboundScope, isGateway: Bool = false,
    _ reader: inout SnapshotReader
  ) -> [ClusterInput] {
    guard service.resolution != .alias else { return [] }
    let rule = DestinationRuleResolution.resolve(service, &reader)
    var clusters: [ClusterInput] = []
    for port in service.ports where port.protocolKind != .udp {
      for subset in [nil] + rule.subsets.map(Optional.some) {
        let plan = Plan(
          service: service, port: port, subset: subset, rule: rule, scope: scope,
          isGateway: isGateway)
        if let cluster = plan.cluster(&reader) { clusters.append(cluster) }
      }
    }
    return clusters
  }

  /// The cluster that Istio calls by this name and that leads nowhere.
  static func blackHole(_ mesh: MeshConfig) -> ClusterInput {
    var cluster = ClusterInput(
      name: ClusterName.blackHole, discovery: .fixed, connectTimeout: mesh.connectTimeout)
    cluster.loadBalancing = .roundRobin(warmup: nil)
    cluster.hasLoadBalancingConfig = false
    return cluster
  }

  /// The cluster of connections whose destination no service has.
  static func passthrough(
    _ mesh: MeshConfig, dialect: Dialect, bindAddress: String? = nil
  ) -> ClusterInput {
    let name = bindAddress == nil ? ClusterName.passthrough : ClusterName.inboundPassthrough
    var cluster = ClusterInput(
      name: name, discovery: .originalDestination(portOverride: nil),
      connectTimeout: mesh.connectTimeout)
    cluster.statName = ClusterName.passthrough
    cluster.loadBalancing = .clusterProvided
    cluster.circuitBreakers = CircuitBreakers(nil)
    cluster.hasLoadBalancingConfig = false
    var protocols = UpstreamHTTPProtocols(version: .asDownstream)
    protocols.idleTimeout = IstioDuration(seconds: 300)
    cluster.httpProtocols = protocols
    cluster.bindAddress = bindAddress
    cluster.exchangesMetadata = dialect == .istioProxy && bindAddress == nil
    return cluster
  }

  /// One port and subset of a service with the policy that applies.
  struct Plan {
    var service: MeshService
    var port: MeshServicePort
    var subset: Subset?
    var rule: ResolvedDestinationRule
    var scope: OutboundScope
    var isGateway: Bool

    var name: String {
      ClusterName.outbound(port.number, subset?.name ?? "", service.hostname)
    }

    var policy: EffectivePolicy { rule.policy(port: port.number, subset: subset) }

    func cluster(_ reader: inout SnapshotReader) -> ClusterInput? {
      let mesh = reader.meshConfig()
      let policy = policy
      var cluster = ClusterInput(
        name: name, discovery: discovery(policy),
        connectTimeout: policy.connectionPool?.tcp?.connectTimeout ?? mesh.connectTimeout)
      cluster.sources = [service.origin.description] + rule.keys.map(\.description)
      cluster.circuitBreakers = CircuitBreakers(
        policy.connectionPool, retryBudget: policy.retryBudget)
      cluster.outlierDetection = policy.outlierDetection
      cluster.panicThreshold = policy.outlierDetection?.minHealthPercent.map(Double.init) ?? 0
      cluster.tcpKeepalive = policy.connectionPool?.tcp?.tcpKeepalive ?? mesh.tcpKeepalive
      cluster.loadBalancing = LoadBalancingResolution.resolve(
        policy.loadBalancer, isOriginalDestination: isOriginalDestination(cluster))
      cluster.isLocalityWeighted = LocalityResolution.isWeighted(policy, mesh)
      cluster.proxyProtocol = policy.proxyProtocol?.version
      cluster.exchangesMetadata = scope.dialect == .istioProxy && scope.carriesTelemetry
      cluster.tls = UpstreamTLSResolution.resolve(
        policy.tls,
        .init(
          service: service, port: port, subset: subset?.name ?? "", scope: scope,
          isOriginalDestination: isOriginalDestination(cluster), isGateway: isGateway), &reader)
      cluster.httpProtocols = protocols(policy, mesh, cluster.tls)
      cluster.metadata = metadata(policy)
      if cluster.discovery == .strictDNS || cluster.discovery == .logicalDNS {
        cluster.dns = DNSSettings(refreshRate: mesh.dnsRefreshRate, isIPv6: scope.isIPv6)
        cluster.localities = EndpointPlanner.localities(
          self, locality: EndpointLocality(), &reader)
        for index in cluster.localities.indices {
          cluster.localities[index].isMarkedAsWhole = false
        }
        // Envoy refuses a DNS cluster without hosts.
        if cluster.localities.isEmpty { return nil }
      }
      return cluster
    }

    private func isOriginalDestination(_ cluster: ClusterInput) -> Bool {
      if case .originalDestination = cluster.discovery { true } else { false }
    }

    private func discovery(_ policy: EffectivePolicy) -> ClusterInput.Discovery {
      if case .simple(.passthrough)? = policy.loadBalancer?.policy {
        return .originalDestination(portOverride: nil)
      }
      switch service.resolution {
      case .endpoints, .alias: return .endpoints
      case .dns: return .strictDNS
      case .dnsRoundRobin: return .logicalDNS
      case .passthrough where isGateway && service.source == .kubernetes: return .endpoints
      case .passthrough, .dynamicDNS:
        let override = service.source == .serviceEntry ? port.targetPort : nil
        return .originalDestination(portOverride: override)
      }
    }

    private func protocols(
      _ policy: EffectivePolicy, _ mesh: MeshConfig, _ tls: UpstreamTLS
    ) -> UpstreamHTTPProtocols? {
      let http = policy.connectionPool?.http
      var options = UpstreamHTTPProtocols(version: version(http, mesh))
      options.idleTimeout = http?.idleTimeout ?? policy.connectionPool?.tcp?.idleTimeout
      options.maxRequestsPerConnection = http?.maxRequestsPerConnection
      options.maxConnectionDuration = policy.connectionPool?.tcp?.maxConnectionDuration
      options.maxConcurrentStreams = http?.maxConcurrentStreams
      if case .custom(let client) = tls, client.sni.isEmpty {
        options.usesAutomaticSNI = true
        options.validatesAutomaticSAN = client.subjectAltNames.isEmpty && client.isVerified
      }
      return options.orNilIfDefault
    }

    private func version(
      _ http: HTTPSettings?, _ mesh: MeshConfig
    ) -> UpstreamHTTPProtocols.Version {
      if port.protocolKind.isHTTP2 { return .http2 }
      if http?.useClientProtocol == true { return .asDownstream }
      switch http?.h2UpgradePolicy {
      case .upgrade?: return .http2
      case .doNotUpgrade?: break
      case .defaulted?, nil:
        if mesh.h2UpgradePolicy == .upgrade, port.protocolKind == .http { return .http2 }
      }
      return port.protocolKind == .undeclared && !isGateway ? .asDownstream : .http1
    }

    private func metadata(_ policy: EffectivePolicy) -> ClusterMetadata {
      var metadata = ClusterMetadata()
      if scope.carriesTelemetry {
        metadata.services = [.init(service)]
        metadata.configuration = rule.keys.first
        metadata.subset = subset?.name ?? ""
      }
      metadata.isExternal = service.isExternal
      metadata.keepsALPN = policy.tls?.mode == .simple || policy.tls?.mode == .mutual
      return metadata
    }
  }
}

/// Chooses the load balancer of a cluster (contract §5.5).
enum LoadBalancingResolution {
  static func resolve(
    _ settings: LoadBalancerSettings?, isOriginalDestination: Bool
  ) -> LoadBalancing {
    if isOriginalDestination { return .clusterProvided }
    let warmup = warmup(settings)
    switch settings?.policy {
    case .simple(.roundRobin)?: return .roundRobin(warmup: warmup)
    case .simple(.random)?: return .random
    case .simple(.passthrough)?: return .clusterProvided
    case .simple?, .backendUtilization?, nil: return .leastRequest(warmup: warmup)
    case .consistentHash(let hash)?: return consistentHash(hash)
    }
  }

  private static func consistentHash(_ hash: ConsistentHashLoadBalancer) -> LoadBalancing {
    switch hash.hashAlgorithm {
    case .maglev(let maglev)?: return .maglev(tableSize: maglev.tableSize.flatMap(nonZero))
    case .ringHash(let ring)?:
      return .ringHash(minimumSize: ring.minimumRingSize.flatMap(nonZero))
    case nil: return .ringHash(minimumSize: hash.minimumRingSize.flatMap(nonZero) ?? 1024)
    }
  }

  private static func nonZero(_ value: UInt64) -> UInt64? { value == 0 ? nil : value }

  private static func warmup(_ settings: LoadBalancerSettings?) -> LoadBalancing.Warmup? {
    guard let window = settings?.warmup?.duration ?? settings?.warmupDurationSecs else {
      return nil
    }
    return LoadBalancing.Warmup(
      window: window, aggression: settings?.warmup?.aggression ?? 1,
      minimumPercent: settings?.warmup?.minimumPercent ?? 10)
  }
}
