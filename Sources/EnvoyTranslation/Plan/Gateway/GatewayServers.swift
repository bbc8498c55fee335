internal import IstioAPI
internal import MeshModel

/// The servers of every Gateway that selects a proxy, as they share addresses and route configurations.
struct GatewayServers: Sendable {
  /// Servers that share one address.
  struct Group: Sendable {
    var bind: String
    var servers: [GatewayServer]
  }

  /// The servers of each port, by the addresses they bind.
  private(set) var ports: [UInt32: [Group]] = [:]
  /// The servers of each route configuration.
  private(set) var routes: [String: GatewayRoute] = [:]

  init(_ scope: GatewayScope, _ reader: inout SnapshotReader) {
    var servers: [UInt32: [String: [GatewayServer]]] = [:]
    var targets = Targets(scope)
    for gateway in reader.gateways() where scope.labels.isSelected(by: gateway.spec.selector) {
      for server in gateway.spec.servers {
        guard let number = server.port?.number else { continue }
        let port = targets.port(number, &reader)
        servers[port, default: [:]][server.bind, default: []].append(
          GatewayServer(
            gateway: gateway.key, server: server, port: port,
            hosts: server.hosts.map { Self.host($0, owner: gateway.key.namespace) }))
      }
    }
    for (port, binds) in servers {
      ports[port] = binds.keys.sorted().map {
        Group(bind: $0, servers: Self.compatible(binds[$0] ?? []))
      }
    }
    let all = ports.values.joined().flatMap(\.servers).filter(\.isHTTP)
    routes = Dictionary(grouping: all, by: \.routeName).mapValues(GatewayRoute.init)
  }

  private static func host(_ text: String, owner: String) -> GatewayServer.Host {
    let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
    guard parts.count == 2, let namespace = parts.first, let name = parts.last else {
      return .init(namespace: "", name: text.lowercased())
    }
    switch namespace {
    case ".": return .init(namespace: owner, name: name.lowercased())
    case "*": return .init(namespace: "", name: name.lowercased())
    default: return .init(namespace: namespace, name: name.lowercased())
    }
  }

  /// Servers that can share one address: the first one decides between plaintext and TLS.
  private static func compatible(_ servers: [GatewayServer]) -> [GatewayServer] {
    guard let first = servers.first else { return [] }
    var routes: Set<String> = []
    return servers.filter { server in
      guard server.isTLSProtocol == first.isTLSProtocol else { return false }
      if !server.isTLSProtocol { return server.isHTTP == first.isHTTP }
      return !server.isHTTP || routes.insert(server.routeName).inserted
    }
  }

  /// Finds the ports that a proxy binds for servers.
  private struct Targets {
    private let scope: GatewayScope
    private var services: [MeshService]?
    private var known: [UInt32: UInt32] = [:]

    init(_ scope: GatewayScope) {
      self.scope = scope
    }

    /// The target port of the proxy's own service that has this port, else the number itself.
    mutating func port(_ number: UInt32, _ reader: inout SnapshotReader) -> UInt32 {
      if let port = known[number] { return port }
      let own = services ?? ownServices(&reader)
      services = own
      var target = number
      for service in own {
        guard let port = service.port(number) else { continue }
        target =
          port.targetPortName.isEmpty
          ? port.targetPort ?? number : scope.namedPorts[port.targetPortName] ?? number
        break
      }
      known[number] = target
      return target
    }

    private func ownServices(_ reader: inout SnapshotReader) -> [MeshService] {
      reader.services(inNamespace: reader.ownNamespace()).filter {
        !$0.selector.isEmpty && scope.labels.isSelected(by: $0.selector)
      }.sorted { ($0.creationTime, $0.hostname) < ($1.creationTime, $1.hostname) }
    }
  }
}
