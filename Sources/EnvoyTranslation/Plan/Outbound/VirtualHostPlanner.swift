internal import IstioAPI
internal import MeshModel

/// Plans the virtual hosts of a sidecar's outbound routes (contract §8.1).
struct VirtualHostPlanner {
  var scope: OutboundScope
  var listeners: [EgressListener]

  /// The virtual hosts of one service in the route configurations that hold it.
  func hosts(
    of service: MeshService, _ reader: inout SnapshotReader
  ) -> [VirtualHostInput] {
    var hosts: [VirtualHostInput] = []
    for port in service.ports where port.protocolKind.isHTTP || port.protocolKind == .undeclared {
      guard let host = host(of: service, port, &reader) else { continue }
      let isExplicit = isExplicit(service, port, &reader)
      if isShared(service, port, isExplicit: isExplicit) { hosts.append(host) }
      if isSniffed(service, port, isExplicit: isExplicit) {
        var sniffed = host
        sniffed.route = RouteName.sniffed(service.hostname, port.number)
        sniffed.domains = ["*"]
        hosts.append(sniffed)
      }
    }
    return hosts
  }

  /// The host of a virtual service that no service of the registry has; Istio serves it on port 80.
  func orphan(
    _ name: String, port: UInt32, _ reader: inout SnapshotReader
  ) -> VirtualHostInput? {
    guard reader.services(ofHost: name).isEmpty,
      let selected = VirtualServiceSelection.forMesh(name, listeners, &reader)
    else { return nil }
    let routes = planner(port).routes(selected, &reader)
    guard !routes.isEmpty else { return nil }
    var host = VirtualHostInput(
      route: RouteName.shared(port), host: "\(name):\(port)", domains: [name], routes: routes,
      isDiscovered: scope.discoversVirtualHosts)
    host.sources = [selected.key.description]
    return host
  }

  /// What a request is given whose host no virtual host has.
  func catchAll(route: String, _ mode: OutboundTrafficMode) -> VirtualHostInput {
    let isOpen = mode != .registryOnly
    let name = isOpen ? "allow_any" : "block_all"
    let action: HTTPRouteInput.Action =
      isOpen
      ? .route(RouteActionInput(destinations: [.init(cluster: ClusterName.passthrough, weight: 1)]))
      : .respond(HTTPDirectResponse(status: 502))
    return VirtualHostInput(
      route: route, host: name, domains: ["*"],
      routes: [HTTPRouteInput(name: name, action: action)],
      isDiscovered: scope.discoversVirtualHosts)
  }

  /// Whether the port's requests go through the listener that all HTTP services of the port share.
  private func isShared(
    _ service: MeshService, _ port: MeshServicePort, isExplicit: Bool
  ) -> Bool {
    port.protocolKind.isHTTP || service.addresses.isEmpty || scope.interception == .none
      || isExplicit
  }

  /// Whether the port has a listener of its own that detects HTTP.
  private func isSniffed(
    _ service: MeshService, _ port: MeshServicePort, isExplicit: Bool
  ) -> Bool {
    port.protocolKind == .undeclared && !service.addresses.isEmpty
      && scope.interception != .none && !isExplicit
  }

  /// Whether a Sidecar's listener of the very port imports the service.
  private func isExplicit(
    _ service: MeshService, _ port: MeshServicePort, _ reader: inout SnapshotReader
  ) -> Bool {
    for listener in listeners where listener.port == port.number {
      if listener.imports(service, &reader) { return true }
    }
    return false
  }

  private func host(
    of service: MeshService, _ port: MeshServicePort, _ reader: inout SnapshotReader
  ) -> VirtualHostInput? {
    let selected = VirtualServiceSelection.forMesh(service.hostname, listeners, &reader)
    let planner = planner(port.number)
    var routes: [HTTPRouteInput] = []
    if let selected, !selected.spec.http.isEmpty {
      routes = planner.routes(selected, &reader)
    } else {
      routes = [planner.standardRoute(service, port, &reader)]
    }
    guard !routes.isEmpty else { return nil }
    var host = VirtualHostInput(
      route: RouteName.shared(port.number), host: "\(service.hostname):\(port.number)",
      domains: domains(of: service, port: port.number, &reader), routes: routes,
      isDiscovered: scope.discoversVirtualHosts)
    host.sources =
      [service.origin.description] + (selected.map { [$0.key.description] } ?? [])
    return host
  }

  private func planner(_ port: UInt32) -> RoutePlanner {
    RoutePlanner(
      scope: scope,
      viewpoint: RouteViewpoint(gateways: ["mesh"], port: port))
  }

  /// The names and addresses that requests use for a service, those left out that are another's.
  private func domains(
    of service: MeshService, port: UInt32, _ reader: inout SnapshotReader
  ) -> [String] {
    var names = [service.hostname]
    if !HostPattern.isWildcard(service.hostname) { names.append(service.hostname + ".") }
    for short in shortNames(service.hostname, &reader) where reader.services(ofHost: short).isEmpty
    {
      names.append(short)
    }
    if service.resolution == .passthrough, service.source == .kubernetes {
      names += names.map { "*." + $0 }
    }
    for address in service.addresses where !address.contains("/") {
      names.append(address.contains(":") ? "[\(address)]" : address)
    }
    var seen: Set<String> = []
    return names.filter { seen.insert($0.lowercased()).inserted }
  }

  /// `reviews.default.svc.cluster.local` as a proxy of the same or another namespace may shorten it.
  private func shortNames(_ hostname: String, _ reader: inout SnapshotReader) -> [String] {
    let suffix = scope.searchSuffix
    guard !suffix.isEmpty, hostname.hasSuffix(suffix) else { return [] }
    let base = hostname.dropLast(suffix.count)
    guard let dot = base.lastIndex(of: ".") else { return [] }
    let name = base[..<dot]
    let namespace = base[base.index(after: dot)...]
    guard !name.isEmpty, !namespace.isEmpty else { return [] }
    let qualified = "\(name).\(namespace)"
    return reader.isSearched(String(namespace))
      ? [String(name), qualified + ".svc", qualified] : [qualified, qualified + ".svc"]
  }
}

/// Istio's names of route configurations (contract §4.3).
enum RouteName {
  static func shared(_ port: UInt32) -> String { String(port) }
  static func sniffed(_ host: String, _ port: UInt32) -> String { "\(host):\(port)" }
}
