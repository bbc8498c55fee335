internal import IstioAPI
internal import MeshModel

/// Plans the listeners that take connections for the application (contract §7.1, §7.2).
struct InboundListenerPlanner {
  var scope: InboundScope
  var mesh: MeshConfig
  var requirement: WorkloadMutualTLS

  private static let istioALPN = [
    "istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2",
  ]
  private static let istioHTTP = ["istio-http/1.0", "istio-http/1.1", "istio-h2"]
  private static let istioTCP = ["istio-peer-exchange", "istio"]
  private static let plainHTTP = ["http/1.1", "h2c"]

  /// The listener that every captured inbound connection reaches.
  func virtualInbound(_ ports: [InboundPort]) -> ListenerInput {
    let number = UInt32(clamping: mesh.proxyInboundListenPort)
    var listener = ListenerInput(
      name: "virtualInbound", address: .ip(scope.isIPv6 ? "::" : "0.0.0.0", number),
      direction: .inbound)
    listener.chains = [blackHole(number)] + passthroughChains(besides: Set(ports.map(\.number)))
    for port in ports { listener.chains += chains(port) }
    listener.isTransparent = scope.interception == .tproxy
    listener.acceptsOneAtATime = true
    listener.continuesOnFiltersTimeout = true
    listener.filtersTimeout = (mesh.protocolDetectionTimeout.totalNanoseconds ?? 0) / 1_000_000
    listener.filters = [.originalDestination]
    if scope.interception == .tproxy { listener.filters.append(.originalSource) }
    listener.filters += inspectors(listener.chains)
    listener.sources =
      requirement.sources.map(\.description) + Set(ports.flatMap(\.sources)).sorted()
    return listener
  }

  /// A listener of the proxy's own for one port.
  func bound(_ port: InboundPort) -> ListenerInput {
    let bind = port.bind ?? "0.0.0.0"
    var listener = ListenerInput(
      name: "\(bind)_\(port.number)", address: .ip(bind, port.number), direction: .inbound)
    listener.chains = chains(port).map { chain in
      var chain = chain
      chain.match?.destinationPort = nil
      if chain.match?.isEmpty == true { chain.match = nil }
      return chain
    }
    listener.bindsToPort = true
    listener.acceptsOneAtATime = true
    listener.continuesOnFiltersTimeout = true
    listener.filtersTimeout = (mesh.protocolDetectionTimeout.totalNanoseconds ?? 0) / 1_000_000
    let matches = listener.chains.compactMap(\.match)
    if matches.contains(where: { $0.transportProtocol == "tls" }) {
      listener.filters.append(.tlsInspector(disabled: .nowhere))
    }
    if matches.contains(where: { !$0.applicationProtocols.filter(isPlainHTTP).isEmpty }) {
      listener.filters.append(.httpInspector(disabled: .nowhere))
    }
    listener.sources = requirement.sources.map(\.description) + port.sources
    return listener
  }

  private func isPlainHTTP(_ name: String) -> Bool { Self.plainHTTP.contains(name) }

  // MARK: Chains

  private func blackHole(_ port: UInt32) -> FilterChainInput {
    FilterChainInput(
      name: "virtualInbound-blackhole", match: .init(destinationPort: port),
      filters: network([
        .tcpProxy(
          TCPProxyInput(statPrefix: ClusterName.blackHole, cluster: ClusterName.blackHole))
      ]))
  }

  private func passthroughChains(besides served: Set<UInt32>) -> [FilterChainInput] {
    let unknown = InboundPort(
      number: 0, servicePort: 0, protocolKind: .undeclared, host: "", services: [], sources: [])
    var chains = chains(unknown, mode: requirement.mode)
    // Ports of a policy that no service has.
    for (port, mode) in requirement.ports.sorted(by: { $0.key < $1.key })
    where !served.contains(port) {
      var extra = unknown
      extra.number = port
      chains += self.chains(extra, mode: mode, isPassthrough: true)
    }
    return chains
  }

  private func chains(_ port: InboundPort) -> [FilterChainInput] {
    chains(port, mode: requirement[port.number])
  }

  /// The chains of a port by requirement and protocol, in the contract's order.
  private func chains(
    _ port: InboundPort, mode: MutualTLSRequirement, isPassthrough: Bool = false
  ) -> [FilterChainInput] {
    let isPassthrough = isPassthrough || port.number == 0
    func chain(
      _ alpn: [String], _ transport: String, isTLS: Bool, isHTTP: Bool
    ) -> FilterChainInput {
      var match = FilterChainInput.Match(
        transportProtocol: transport, applicationProtocols: alpn)
      if port.number != 0 { match.destinationPort = port.number }
      var chain = FilterChainInput(
        name: name(port, isPassthrough, isHTTP: isHTTP), match: match,
        filters: isHTTP ? http(port, isPassthrough) : tcp(port, isPassthrough),
        configuration: port.configuration)
      if isTLS { chain.tls = tls(isHTTP: isHTTP) }
      return chain
    }
    let kind: (isHTTP: Bool, isDetected: Bool) = (
      port.protocolKind.isHTTP, port.protocolKind == .undeclared
    )
    switch (mode, kind) {
    case (.permissive, (true, _)):
      return [
        chain(Self.istioALPN, "tls", isTLS: true, isHTTP: true),
        chain([], "raw_buffer", isTLS: false, isHTTP: true),
      ]
    case (.permissive, (_, true)):
      return [
        chain(Self.istioHTTP, "tls", isTLS: true, isHTTP: true),
        chain(Self.plainHTTP, "raw_buffer", isTLS: false, isHTTP: true),
        chain(Self.istioTCP, "tls", isTLS: true, isHTTP: false),
        chain([], "raw_buffer", isTLS: false, isHTTP: false),
        chain([], "tls", isTLS: false, isHTTP: false),
      ]
    case (.permissive, _):
      return [
        chain(Self.istioALPN, "tls", isTLS: true, isHTTP: false),
        chain([], "tls", isTLS: false, isHTTP: false),
        chain([], "raw_buffer", isTLS: false, isHTTP: false),
      ]
    case (.strict, (true, _)): return [chain([], "tls", isTLS: true, isHTTP: true)]
    case (.strict, (_, true)):
      return [
        chain(Self.istioHTTP, "tls", isTLS: true, isHTTP: true),
        chain([], "tls", isTLS: true, isHTTP: false),
      ]
    case (.strict, _): return [chain([], "tls", isTLS: true, isHTTP: false)]
    case (.disable, (true, _)): return [chain([], "raw_buffer", isTLS: false, isHTTP: true)]
    case (.disable, (_, true)):
      return [
        chain(Self.plainHTTP, "raw_buffer", isTLS: false, isHTTP: true),
        chain([], "raw_buffer", isTLS: false, isHTTP: false),
      ]
    case (.disable, _): return [chain([], "raw_buffer", isTLS: false, isHTTP: false)]
    }
  }

  private func name(_ port: InboundPort, _ isPassthrough: Bool, isHTTP: Bool) -> String {
    if isPassthrough { return isHTTP ? "virtualInbound-catchall-http" : "virtualInbound" }
    return "\(port.bind ?? (scope.isIPv6 ? "::" : "0.0.0.0"))_\(port.number)"
  }

  private func tls(isHTTP: Bool) -> DownstreamTLS {
    let exchange = scope.dialect == .istioProxy ? ["istio-peer-exchange"] : []
    return .mutual(
      alpn: (isHTTP ? [] : exchange) + ["h2", "http/1.1"],
      trustDomains: [mesh.trustDomain] + mesh.trustDomainAliases)
  }

  private func network(_ filters: [NetworkFilterInput]) -> [NetworkFilterInput] {
    (scope.dialect == .istioProxy ? [.metadataExchange] : []) + filters
  }

  private func cluster(_ port: InboundPort, _ isPassthrough: Bool) -> String {
    isPassthrough ? ClusterName.inboundPassthrough : ClusterName.inbound(port.number)
  }

  private func tcp(_ port: InboundPort, _ isPassthrough: Bool) -> [NetworkFilterInput] {
    let cluster = cluster(port, isPassthrough)
    var proxy = TCPProxyInput(statPrefix: cluster, cluster: cluster)
    proxy.accessLog = AccessLogInput(mesh)
    return network([.tcpProxy(proxy)])
  }

  private func http(_ port: InboundPort, _ isPassthrough: Bool) -> [NetworkFilterInput] {
    let bind = scope.isIPv6 ? "::" : "0.0.0.0"
    let statPrefix =
      isPassthrough ? ClusterName.inboundPassthrough + ";" : "inbound_\(bind)_\(port.number);"
    let route = InboundRouteInput(
      cluster: cluster(port, isPassthrough), virtualHost: "inbound|http|\(port.servicePort)",
      operation: "\(port.host):\(port.servicePort)/*", retries: !port.protocolKind.isGRPC)
    var manager = HTTPConnectionManagerInput(
      role: .sidecarInbound, statPrefix: statPrefix, routes: .inline(route),
      dialect: scope.dialect)
    manager.isHTTP2 = port.protocolKind.isHTTP2
    manager.isGRPCWeb = port.protocolKind == .grpcWeb
    manager.apply(mesh, clusterID: scope.clusterID, meshID: scope.meshID) { scope.namespace }
    return network([.http(manager)])
  }

  // MARK: Inspectors

  /// The inspectors, switched off at the ports of which the declaration says enough.
  private func inspectors(_ chains: [FilterChainInput]) -> [ListenerFilterInput] {
    func predicate(_ needs: (FilterChainInput.Match) -> Bool) -> ListenerFilterInput.PortPredicate?
    {
      let matches = chains.compactMap(\.match)
      let ports = Set(matches.compactMap(\.destinationPort))
      let needing = Set(matches.filter(needs).map { $0.destinationPort ?? 0 })
      if needing.isEmpty { return nil }
      // Port 0 stands for every port that no chain names.
      if needing.contains(0) { return .ports(ports.subtracting(needing).sorted()) }
      return .allBut(needing.sorted())
    }
    var filters: [ListenerFilterInput] = []
    if let disabled = predicate({ $0.transportProtocol == "tls" }) {
      filters.append(.tlsInspector(disabled: disabled))
    }
    if let disabled = predicate({ $0.applicationProtocols.contains(where: isPlainHTTP) }) {
      filters.append(.httpInspector(disabled: disabled))
    }
    return filters
  }
}

extension PortProtocol {
  var isGRPC: Bool { self == .grpc || self == .grpcWeb }
}
