internal import IstioAPI
internal import MeshModel
internal import XDSProtocol

/// Plans the outbound listeners of one port (contract §6.4).
struct OutboundListenerPlanner {
  var scope: OutboundScope
  var mesh: MeshConfig
  var mode: OutboundTrafficMode

  /// A listener while services join it.
  private struct Draft {
    var address: String
    var port: UInt32
    /// The route configuration of detected or declared HTTP; nil for TCP alone.
    var httpRoute: String?
    var isHTTP2 = false
    var isGRPCWeb = false
    var chains: [FilterChainInput] = []
    /// Whether the address is one port of the proxy's own, where nothing has to be told apart.
    var isExclusive = false
    var bindsToPort: Bool
    var sources: Set<String> = []
  }

  /// The listeners of a port number for the services that have it.
  func listeners(
    port number: UInt32, of services: [MeshService], in listener: EgressListener,
    listeners all: [EgressListener], _ reader: inout SnapshotReader
  ) -> [ListenerInput] {
    var drafts: [Draft] = []
    if listener.port != nil, listener.protocolKind.isHTTP {
      // A declared HTTP listener routes whatever its hosts offer, even when that is nothing yet.
      var draft = draft(address: explicitAddress(listener), number, listener)
      draft.httpRoute = RouteName.shared(number)
      draft.isExclusive = !listener.isCaptured || !listener.bind.isEmpty
      draft.isHTTP2 = listener.protocolKind.isHTTP2
      drafts.append(draft)
    }
    for service in services {
      guard service.resolution != .alias, let port = service.port(number),
        port.protocolKind != .udp, !isReserved(number)
      else { continue }
      if listener.port != nil, listener.protocolKind.isHTTP { continue }
      add(service, port, listener, all, &drafts, &reader)
    }
    return drafts.map(finish)
  }

  private func isReserved(_ port: UInt32) -> Bool {
    [15001, 15006, 15020, 15021, 15090].contains(port) && scope.interception != .none
  }

  private func explicitAddress(_ listener: EgressListener) -> String {
    if !listener.bind.isEmpty { return listener.bind }
    return listener.isCaptured ? scope.wildcardAddress : scope.loopbackAddress
  }

  private func draft(address: String, _ port: UInt32, _ listener: EgressListener) -> Draft {
    Draft(address: address, port: port, bindsToPort: !listener.isCaptured)
  }

  private func add(
    _ service: MeshService, _ port: MeshServicePort, _ listener: EgressListener,
    _ all: [EgressListener], _ drafts: inout [Draft], _ reader: inout SnapshotReader
  ) {
    let kind = listener.port != nil ? listener.protocolKind : port.protocolKind
    if kind.isHTTP {
      let address = explicitAddress(listener)
      join(&drafts, draft(address: address, port.number, listener), service) { draft in
        guard draft.httpRoute == nil else { return }
        draft.httpRoute = RouteName.shared(port.number)
        draft.isGRPCWeb = kind == .grpcWeb
      }
      return
    }
    for address in addresses(service, listener, &reader) {
      let chains = tcpChains(service, port, address, listener, all, &reader)
      join(&drafts, draft(address: address.bind, port.number, listener), service) { draft in
        if kind == .undeclared, draft.httpRoute == nil {
          draft.httpRoute =
            address.isVirtual
            ? RouteName.sniffed(service.hostname, port.number) : RouteName.shared(port.number)
        }
        // The first service of an address and port keeps it (`pilot_conflict_outbound_listener…`).
        for chain in chains where !draft.chains.contains(where: { $0.match == chain.match }) {
          draft.chains.append(chain)
        }
      }
    }
  }

  private func join(
    _ drafts: inout [Draft], _ new: Draft, _ service: MeshService, _ change: (inout Draft) -> Void
  ) {
    let index =
      drafts.firstIndex { $0.address == new.address } ?? drafts.endIndex
    if index == drafts.endIndex { drafts.append(new) }
    change(&drafts[index])
    drafts[index].sources.insert(service.origin.description)
  }

  private struct Address {
    var bind: String
    /// Whether the address is the service's own.
    var isVirtual = false
    var range: AddressRange?
  }

  private func addresses(
    _ service: MeshService, _ listener: EgressListener, _ reader: inout SnapshotReader
  ) -> [Address] {
    if !listener.isCaptured || !listener.bind.isEmpty {
      return [Address(bind: explicitAddress(listener))]
    }
    if service.resolution == .passthrough, service.source == .kubernetes {
      let addresses = reader.endpoints(service.id).map(\.address)
      return Set(addresses).sorted().map { Address(bind: $0, isVirtual: false) }
    }
    if service.addresses.isEmpty { return [Address(bind: scope.wildcardAddress)] }
    return service.addresses.map { address in
      if address.contains("/"), let range = AddressRange(address) {
        return Address(bind: scope.wildcardAddress, range: range)
      }
      return Address(bind: address, isVirtual: true)
    }
  }

  // MARK: TCP

  private func tcpChains(
    _ service: MeshService, _ port: MeshServicePort, _ address: Address,
    _ listener: EgressListener, _ all: [EgressListener], _ reader: inout SnapshotReader
  ) -> [FilterChainInput] {
    let routes = TCPRoutePlanner(scope: scope, mesh: mesh, listeners: all)
    return routes.chains(service, port, &reader).map { chain in
      var chain = chain
      var match = chain.match ?? .init()
      if let range = address.range, match.prefixRanges.isEmpty { match.prefixRanges = [range] }
      if port.protocolKind.isTLS, match.serverNames.isEmpty, !address.isVirtual {
        match.serverNames = [service.hostname]
      }
      chain.match = match.isEmpty ? nil : match
      chain.limitsHandshake = true
      return chain
    }
  }

  // MARK: Finishing

  private func finish(_ draft: Draft) -> ListenerInput {
    var listener = ListenerInput(
      name: "\(draft.address)_\(draft.port)", address: .ip(draft.address, draft.port),
      direction: .outbound)
    listener.bindsToPort = draft.bindsToPort
    listener.acceptsOneAtATime = draft.bindsToPort
    listener.continuesOnFiltersTimeout = true
    listener.sources = draft.sources.sorted()
    var chains: [FilterChainInput] = []
    if let route = draft.httpRoute {
      chains.append(httpChain(draft, route: route, listener: listener.name))
    }
    let others = draft.chains.filter { $0.match != nil }
    let fallback = draft.chains.first { $0.match == nil }
    chains += others
    if chains.isEmpty, let fallback {
      listener.chains = [fallback]
    } else {
      listener.chains = chains
      let isMatchAll = chains.count == 1 && chains.first?.match == nil
      if !isMatchAll { listener.defaultChain = fallback ?? VirtualOutbound.passthroughChain(mode) }
    }
    addInspectors(&listener)
    return listener
  }

  private func addInspectors(_ listener: inout ListenerInput) {
    let matches = listener.chains.compactMap(\.match)
    if matches.contains(where: { !$0.serverNames.isEmpty || $0.transportProtocol == "tls" }) {
      listener.filters.append(.tlsInspector(disabled: .nowhere))
    }
    if matches.contains(where: { !$0.applicationProtocols.isEmpty }) {
      listener.filters.append(.httpInspector(disabled: .nowhere))
      let timeout = mesh.protocolDetectionTimeout.totalNanoseconds ?? 0
      listener.filtersTimeout = timeout / 1_000_000
    } else {
      listener.filtersTimeout = 0
    }
  }

  private func httpChain(
    _ draft: Draft, route: String, listener: String
  ) -> FilterChainInput {
    var manager = HTTPConnectionManagerInput(
      role: .sidecarOutbound, statPrefix: "outbound_\(listener);", routes: .discovered(route),
      dialect: scope.dialect)
    manager.isGRPCWeb = draft.isGRPCWeb
    manager.apply(mesh, namespace: scope.namespace, clusterID: scope.clusterID, scope.meshID)
    var chain = FilterChainInput(filters: [.http(manager)], limitsHandshake: true)
    if !draft.isExclusive, !draft.bindsToPort {
      chain.match = .init(
        transportProtocol: "raw_buffer", applicationProtocols: ["http/1.1", "h2c"])
    }
    return chain
  }
}

extension HTTPConnectionManagerInput {
  /// Takes what the mesh configuration decides for every connection manager.
  mutating func apply(
    _ mesh: MeshConfig, namespace: String, clusterID: String, _ meshID: String
  ) {
    normalizesPath = mesh.pathNormalization.normalization != .none
    switch mesh.pathNormalization.normalization {
    case .mergeSlashes: mergesSlashes = true
    case .decodeAndMergeSlashes:
      mergesSlashes = true
      unescapesSlashes = true
    case .defaulted, .none, .base: break
    }
    if mesh.enableTracing {
      tracing = TracingInput(namespace: namespace, clusterID: clusterID, meshID: meshID)
    }
    accessLog = AccessLogInput(mesh)
  }
}

extension AccessLogInput {
  /// The access log of the mesh; nil when it has none.
  init?(_ mesh: MeshConfig) {
    guard !mesh.accessLogFile.isEmpty else { return nil }
    path = mesh.accessLogFile
    format = mesh.accessLogFormat
  }
}
