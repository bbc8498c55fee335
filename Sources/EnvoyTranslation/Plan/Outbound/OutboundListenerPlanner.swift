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

  /// The listener of a port number that the services share which have no address of their own there.
  func shared(
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
    let isDeclaredHTTP = listener.port != nil && listener.protocolKind.isHTTP
    for service in services where !isDeclaredHTTP {
      guard let port = usable(service.port(number), of: service) else { continue }
      let kind = listener.port != nil ? listener.protocolKind : port.protocolKind
      if kind.isHTTP {
        join(&drafts, draft(address: explicitAddress(listener), number, listener)) { draft in
          guard draft.httpRoute == nil else { return }
          draft.httpRoute = RouteName.shared(number)
          draft.isGRPCWeb = kind == .grpcWeb
          draft.sources.insert(service.origin.description)
        }
        continue
      }
      for address in sharedAddresses(service, listener) {
        add(service, port, kind, address, listener, all, &drafts, &reader)
      }
    }
    return finish(drafts, &reader)
  }

  /// The listeners at an address that services have for themselves.
  func own(
    address: String, of services: [MeshService], in listener: EgressListener,
    listeners all: [EgressListener], _ reader: inout SnapshotReader
  ) -> [ListenerInput] {
    guard listener.isCaptured, listener.bind.isEmpty else { return [] }
    let declared = Set(all.compactMap(\.port))
    var drafts: [Draft] = []
    for service in services where !isPassthrough(service) {
      for port in service.ports {
        guard let port = usable(port, of: service),
          listener.port.map({ $0 == port.number }) ?? !declared.contains(port.number)
        else { continue }
        let kind = listener.port != nil ? listener.protocolKind : port.protocolKind
        guard !kind.isHTTP else { continue }
        add(
          service, port, kind, Address(bind: address, isVirtual: true), listener, all, &drafts,
          &reader)
      }
    }
    return finish(drafts, &reader)
  }

  /// The listeners at the addresses of a headless service's endpoints.
  func headless(
    _ service: MeshService, in listener: EgressListener, listeners all: [EgressListener],
    _ reader: inout SnapshotReader
  ) -> [ListenerInput] {
    guard listener.isCaptured, listener.bind.isEmpty, isPassthrough(service) else { return [] }
    let declared = Set(all.compactMap(\.port))
    var drafts: [Draft] = []
    for port in service.ports {
      guard let port = usable(port, of: service),
        listener.port.map({ $0 == port.number }) ?? !declared.contains(port.number)
      else { continue }
      let kind = listener.port != nil ? listener.protocolKind : port.protocolKind
      guard !kind.isHTTP else { continue }
      for address in Set(reader.endpoints(service.id).map(\.address)).sorted() {
        add(service, port, kind, Address(bind: address), listener, all, &drafts, &reader)
      }
    }
    return finish(drafts, &reader)
  }

  private func usable(_ port: MeshServicePort?, of service: MeshService) -> MeshServicePort? {
    guard let port, service.resolution != .alias, port.protocolKind != .udp,
      !isReserved(port.number)
    else { return nil }
    return port
  }

  /// Whether connections to the service go to the addresses of its endpoints.
  private func isPassthrough(_ service: MeshService) -> Bool {
    service.resolution == .passthrough && service.source == .kubernetes
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
    _ service: MeshService, _ port: MeshServicePort, _ kind: PortProtocol, _ address: Address,
    _ listener: EgressListener, _ all: [EgressListener], _ drafts: inout [Draft],
    _ reader: inout SnapshotReader
  ) {
    let chains = tcpChains(service, port, address, all, &reader)
    join(&drafts, draft(address: address.bind, port.number, listener)) { draft in
      draft.sources.insert(service.origin.description)
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

  private func join(_ drafts: inout [Draft], _ new: Draft, _ change: (inout Draft) -> Void) {
    if let index = drafts.firstIndex(where: { $0.address == new.address && $0.port == new.port }) {
      change(&drafts[index])
    } else {
      drafts.append(new)
      change(&drafts[drafts.count - 1])
    }
  }

  private struct Address {
    var bind: String
    /// Whether the address is the service's own.
    var isVirtual = false
    var range: AddressRange?
  }

  /// Where a service is reached that has no listener of its own.
  private func sharedAddresses(_ service: MeshService, _ listener: EgressListener) -> [Address] {
    if !listener.isCaptured || !listener.bind.isEmpty {
      return [Address(bind: explicitAddress(listener))]
    }
    if isPassthrough(service) { return [] }
    if service.addresses.isEmpty { return [Address(bind: scope.wildcardAddress)] }
    return service.addresses.filter { $0.contains("/") }.compactMap(AddressRange.init).map {
      Address(bind: scope.wildcardAddress, range: $0)
    }
  }

  // MARK: TCP

  private func tcpChains(
    _ service: MeshService, _ port: MeshServicePort, _ address: Address,
    _ all: [EgressListener], _ reader: inout SnapshotReader
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

  private func finish(
    _ drafts: [Draft], _ reader: inout SnapshotReader
  ) -> [ListenerInput] {
    var listeners: [ListenerInput] = []
    for draft in drafts { listeners.append(finish(draft, &reader)) }
    return listeners
  }

  private func finish(_ draft: Draft, _ reader: inout SnapshotReader) -> ListenerInput {
    var listener = ListenerInput(
      name: "\(draft.address)_\(draft.port)", address: .ip(draft.address, draft.port),
      direction: .outbound)
    listener.bindsToPort = draft.bindsToPort
    listener.acceptsOneAtATime = draft.bindsToPort
    listener.continuesOnFiltersTimeout = true
    listener.sources = draft.sources.sorted()
    var chains: [FilterChainInput] = []
    if let route = draft.httpRoute {
      chains.append(httpChain(draft, route: route, listener: listener.name, &reader))
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
    _ draft: Draft, route: String, listener: String, _ reader: inout SnapshotReader
  ) -> FilterChainInput {
    var manager = HTTPConnectionManagerInput(
      role: .sidecarOutbound, statPrefix: "outbound_\(listener);", routes: .discovered(route),
      dialect: scope.dialect)
    manager.isGRPCWeb = draft.isGRPCWeb
    manager.apply(mesh, scope) { reader.ownNamespace() }
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
    _ mesh: MeshConfig, _ scope: OutboundScope, namespace: () -> String
  ) {
    apply(mesh, clusterID: scope.clusterID, meshID: scope.meshID, namespace: namespace)
  }

  /// Takes what the mesh configuration decides for every connection manager; `namespace` is asked only
  /// where it matters.
  mutating func apply(
    _ mesh: MeshConfig, clusterID: String, meshID: String, namespace: () -> String
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
      tracing = TracingInput(
        namespace: namespace(), clusterID: clusterID, meshID: meshID)
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
