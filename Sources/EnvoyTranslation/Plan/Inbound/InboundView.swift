internal import IstioAPI
internal import MeshModel

/// Plans the inbound side of a sidecar (contract §7).
struct InboundView {
  var scope: InboundScope

  func plan(_ reader: inout SnapshotReader) -> UnitPlan {
    let mesh = reader.meshConfig()
    let sidecar = scope.sidecar.flatMap { key in
      reader.sidecars(inNamespace: key.namespace).first { $0.key == key }
    }
    let ports = InboundPorts(scope: scope).resolve(sidecar, &reader)
    let requirement = PeerAuthenticationResolution.server(
      namespace: scope.namespace, labels: scope.labels, &reader)
    let clusters = InboundClusterPlanner(scope: scope, mesh: mesh)
    let listeners = InboundListenerPlanner(scope: scope, mesh: mesh, requirement: requirement)
    var plan = UnitPlan()
    plan.clusters = ports.map { clusters.cluster($0, &reader) }
    if scope.interception != .none {
      plan.clusters.append(
        ClusterPlanner.passthrough(
          mesh, dialect: scope.dialect, bindAddress: scope.isIPv6 ? "::6" : "127.0.0.6"))
      plan.listeners.append(listeners.virtualInbound(ports.filter { $0.bind == nil }))
    }
    plan.listeners += ports.filter { $0.bind != nil }.map(listeners.bound)
    return plan
  }
}

/// A port at which a sidecar takes connections for its application.
struct InboundPort: Hashable, Sendable {
  /// Where the application listens, or the port that a Sidecar declares.
  var number: UInt32
  /// The service's port, by which requests are reported.
  var servicePort: UInt32
  var protocolKind: PortProtocol
  var host: String
  var services: [ClusterMetadata.Service]
  /// The service whose destination rule limits connections; nil for a Sidecar's own port.
  var service: MeshService?
  /// The address the proxy binds itself; nil for a captured port.
  var bind: String?
  /// Where connections go; nil keeps the original destination.
  var endpoint: SocketAddress?
  var connectionPool: ConnectionPoolSettings?
  var configuration: ConfigKey?
  var sources: [String]
}

/// Finds the ports of a workload: those its Sidecar declares, else those of its services.
struct InboundPorts {
  var scope: InboundScope

  func resolve(
    _ sidecar: Configuration<Sidecar>?, _ reader: inout SnapshotReader
  ) -> [InboundPort] {
    if let sidecar, !sidecar.spec.ingress.isEmpty { return declared(sidecar) }
    var ports: [InboundPort] = []
    for service in services(&reader) {
      for port in service.ports where port.protocolKind != .udp {
        guard let target = target(of: port) else { continue }
        if let index = ports.firstIndex(where: { $0.number == target }) {
          // The oldest service of a port decides how it is served.
          let other = ClusterMetadata.Service(service)
          if !ports[index].services.contains(other) { ports[index].services.append(other) }
          continue
        }
        ports.append(
          InboundPort(
            number: target, servicePort: port.number, protocolKind: port.protocolKind,
            host: service.hostname, services: [.init(service)], service: service,
            bind: scope.interception == .none ? scope.addresses.first ?? "0.0.0.0" : nil,
            endpoint: scope.interception == .none ? .ip("127.0.0.1", target) : nil,
            sources: [service.origin.description]))
      }
    }
    // A proxy that captures nothing cannot bind the very port of its application on every address.
    return ports.sorted { $0.number < $1.number }
  }

  private func services(_ reader: inout SnapshotReader) -> [MeshService] {
    reader.services(inNamespace: scope.namespace)
      .filter { service in
        service.resolution != .alias
          && ((!service.selector.isEmpty && scope.labels.isSelected(by: service.selector))
            || scope.selectedServices.contains(service.id))
      }
      .sorted { ($0.creationTime, $0.hostname) < ($1.creationTime, $1.hostname) }
  }

  private func target(of port: MeshServicePort) -> UInt32? {
    if !port.targetPortName.isEmpty { return scope.namedPorts[port.targetPortName] }
    return port.targetPort ?? port.number
  }

  private func declared(_ sidecar: Configuration<Sidecar>) -> [InboundPort] {
    sidecar.spec.ingress.compactMap { ingress in
      guard let port = ingress.port else { return nil }
      let isBound =
        switch ingress.captureMode {
        case .defaulted: scope.interception == .none
        case .iptables: false
        case .none: true
        }
      let fallback = scope.isIPv6 ? "::" : "0.0.0.0"
      return InboundPort(
        number: port.number, servicePort: port.number,
        protocolKind: PortProtocol(istio: port.protocol),
        host: "\(sidecar.key.name).\(sidecar.key.namespace)", services: [], service: nil,
        bind: isBound ? (ingress.bind.isEmpty ? fallback : ingress.bind) : nil,
        endpoint: endpoint(ingress.defaultEndpoint),
        connectionPool: ingress.connectionPool ?? sidecar.spec.inboundConnectionPool,
        configuration: sidecar.key, sources: [sidecar.key.description])
    }
  }

  /// Reads `127.0.0.1:8080`, `0.0.0.0:8080` (the workload's own address) or `unix://path`.
  private func endpoint(_ text: String) -> SocketAddress? {
    if text.isEmpty { return nil }
    if text.hasPrefix("unix://") { return SocketAddress(endpoint: text, port: 0) }
    guard let colon = text.lastIndex(of: ":"), let port = UInt32(text[text.index(after: colon)...])
    else { return nil }
    let host = text[..<colon].filter { $0 != "[" && $0 != "]" }
    if host == "0.0.0.0" || host == "::", let own = scope.addresses.first {
      return .ip(own, port)
    }
    return .ip(host, port)
  }
}
