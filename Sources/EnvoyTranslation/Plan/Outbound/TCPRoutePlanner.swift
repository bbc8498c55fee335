internal import IstioAPI
internal import MeshModel

/// Plans the filter chains of connections that are forwarded as bytes (contract §6.5).
struct TCPRoutePlanner {
  var scope: OutboundScope
  var mesh: MeshConfig
  var listeners: [EgressListener]

  /// The chains of a service's port: those of its virtual service, else one to its cluster.
  func chains(
    _ service: MeshService, _ port: MeshServicePort, _ reader: inout SnapshotReader
  ) -> [FilterChainInput] {
    let selected = VirtualServiceSelection.forMesh(service.hostname, listeners, &reader)
    var chains: [FilterChainInput] = []
    if let selected, port.protocolKind.isTLS {
      chains = tlsChains(selected, port, &reader)
    }
    if chains.isEmpty, let selected { chains = tcpChains(selected, port, &reader) }
    guard chains.isEmpty else { return chains }
    let cluster = ClusterName.outbound(port.number, "", service.hostname)
    var proxy = TCPProxyInput(statPrefix: cluster, cluster: cluster)
    shape(&proxy, service, port.number, subset: "", &reader)
    return [FilterChainInput(filters: [.tcpProxy(proxy)])]
  }

  private func tlsChains(
    _ virtualService: Configuration<VirtualService>, _ port: MeshServicePort,
    _ reader: inout SnapshotReader
  ) -> [FilterChainInput] {
    var chains: [FilterChainInput] = []
    for route in virtualService.spec.tls {
      for match in route.match
      where allows(
        match.port, match.sourceLabels, match.gateways, match.sourceNamespace, port, &reader)
      {
        let names = Set(match.sniHosts.filter { $0 != "*" }).sorted()
        let ranges = match.destinationSubnets.compactMap(AddressRange.init).sorted()
        let chainMatch = FilterChainInput.Match(prefixRanges: ranges, serverNames: names)
        if chains.contains(where: { $0.match == chainMatch }) { continue }
        chains.append(
          chain(route.route, chainMatch, virtualService, port.number, &reader))
      }
    }
    return chains
  }

  private func tcpChains(
    _ virtualService: Configuration<VirtualService>, _ port: MeshServicePort,
    _ reader: inout SnapshotReader
  ) -> [FilterChainInput] {
    var chains: [FilterChainInput] = []
    for route in virtualService.spec.tcp {
      if route.match.isEmpty {
        chains.append(chain(route.route, .init(), virtualService, port.number, &reader))
        return chains
      }
      for match in route.match
      where allows(
        match.port, match.sourceLabels, match.gateways, match.sourceNamespace, port, &reader)
      {
        let ranges = match.destinationSubnets.compactMap(AddressRange.init).sorted()
        let chainMatch = FilterChainInput.Match(prefixRanges: ranges)
        if chains.contains(where: { $0.match ?? .init() == chainMatch }) { continue }
        chains.append(chain(route.route, chainMatch, virtualService, port.number, &reader))
        if ranges.isEmpty { return chains }
      }
    }
    return chains
  }

  private func allows(
    _ matchPort: UInt32?, _ labels: [String: String], _ gateways: [String], _ namespace: String,
    _ port: MeshServicePort, _ reader: inout SnapshotReader
  ) -> Bool {
    if let matchPort, matchPort != port.number { return false }
    if !gateways.isEmpty { return gateways.contains("mesh") }
    return reader.isSelected(by: labels) && (namespace.isEmpty || reader.isOwn(namespace))
  }

  private func chain(
    _ routes: [RouteDestination], _ match: FilterChainInput.Match,
    _ virtualService: Configuration<VirtualService>, _ port: UInt32,
    _ reader: inout SnapshotReader
  ) -> FilterChainInput {
    let proxy = proxy(routes, virtualService, port, &reader)
    return FilterChainInput(
      match: match.isEmpty ? nil : match, filters: [.tcpProxy(proxy)],
      configuration: virtualService.key)
  }

  /// The proxy of a list of weighted destinations.
  func proxy(
    _ routes: [RouteDestination], _ virtualService: Configuration<VirtualService>, _ port: UInt32,
    _ reader: inout SnapshotReader
  ) -> TCPProxyInput {
    var destinations: [TCPProxyInput.Destination] = []
    var shaped: (service: MeshService, port: UInt32, subset: String)?
    for route in routes {
      guard let target = route.destination, routes.count == 1 || route.weight > 0 else { continue }
      let resolved = DestinationResolution.resolve(
        target, owner: virtualService.key.namespace, scope, port, &reader)
      destinations.append(
        .init(cluster: resolved.cluster, weight: UInt32(clamping: max(route.weight, 1))))
      if shaped == nil, let service = resolved.service {
        shaped = (service, resolved.port, target.subset)
      }
    }
    let only = destinations.count == 1 ? destinations.first : nil
    var proxy = TCPProxyInput(
      statPrefix: only?.cluster ?? "\(virtualService.key.name).\(virtualService.key.namespace)",
      cluster: only?.cluster ?? ClusterName.blackHole)
    if destinations.count > 1 { proxy.destinations = destinations }
    if let shaped { shape(&proxy, shaped.service, shaped.port, subset: shaped.subset, &reader) }
    return proxy
  }

  private func shape(
    _ proxy: inout TCPProxyInput, _ service: MeshService, _ port: UInt32, subset: String,
    _ reader: inout SnapshotReader
  ) {
    let rule = DestinationRuleResolution.resolve(service, &reader)
    let policy = rule.policy(port: port, subset: rule.subsets.first { $0.name == subset })
    proxy.idleTimeout = policy.connectionPool?.tcp?.idleTimeout
    proxy.accessLog = AccessLogInput(mesh)
    if case .consistentHash(let hash)? = policy.loadBalancer?.policy,
      hash.hashKey == .useSourceIp(true)
    {
      proxy.hashesSourceAddress = true
    }
  }
}
