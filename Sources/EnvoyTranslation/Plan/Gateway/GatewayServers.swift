internal import IstioAPI
internal import MeshModel

/// A server of a Gateway that a proxy serves, with the port it binds.
struct GatewayServer: Hashable, Sendable {
  var gateway: ConfigKey
  var server: Server
  /// The port that the proxy binds: the target of the service port that the server names.
  var port: UInt32
  var bind: String
  /// The hosts, each with the namespace whose virtual services it takes; empty takes all.
  var hosts: [Host]

  struct Host: Hashable, Sendable {
    var namespace: String
    var name: String
  }

  var gatewayName: String { "\(gateway.namespace)/\(gateway.name)" }
  var protocolName: String { (server.port?.protocol ?? "").uppercased() }
  var number: UInt32 { server.port?.number ?? 0 }

  /// Whether requests are routed one by one.
  var isHTTP: Bool {
    switch protocolName {
    case "HTTP", "HTTP2", "GRPC", "GRPC-WEB": true
    case "HTTPS": terminatesTLS
    default: false
    }
  }

  var terminatesTLS: Bool {
    guard let tls = server.tls else { return false }
    return tls.mode != .passthrough && tls.mode != .autoPassthrough
      && !(tls.httpsRedirect && !isTLSProtocol)
  }

  var isTLSProtocol: Bool { protocolName == "HTTPS" || protocolName == "TLS" }

  /// The route configuration of the server's requests (contract §4.3).
  var routeName: String {
    let suffix = bind.isEmpty ? "" : ".\(bind)"
    if !isTLSProtocol { return "http.\(port)\(suffix)" }
    return
      "https.\(number).\(server.port?.name ?? "").\(gateway.name).\(gateway.namespace)\(suffix)"
  }

  var serverNames: [String] {
    let names = Set(hosts.map(\.name))
    return names.contains("*") ? [] : names.sorted()
  }

  /// Whether a virtual service of `namespace` may serve `host` here; answers the narrower host.
  func accepts(_ host: String, namespace: String) -> String? {
    for own in hosts where own.namespace.isEmpty || own.namespace == namespace {
      if let narrower = HostPattern.intersection(own.name, host) { return narrower }
    }
    return nil
  }
}

enum GatewayServers {
  /// The servers of every Gateway that selects the proxy, in the order of creation.
  static func resolve(_ scope: GatewayScope, _ reader: inout SnapshotReader) -> [GatewayServer] {
    var servers: [GatewayServer] = []
    for gateway in reader.gateways() where scope.labels.isSelected(by: gateway.spec.selector) {
      for server in gateway.spec.servers {
        guard let number = server.port?.number else { continue }
        servers.append(
          GatewayServer(
            gateway: gateway.key, server: server, port: bound(number, scope, &reader),
            bind: server.bind,
            hosts: server.hosts.map { host($0, owner: gateway.key.namespace) }))
      }
    }
    return servers
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

  /// The target port of the proxy's own service that has this port, else the number itself.
  private static func bound(
    _ number: UInt32, _ scope: GatewayScope, _ reader: inout SnapshotReader
  ) -> UInt32 {
    let own = reader.services(inNamespace: reader.ownNamespace()).filter {
      !$0.selector.isEmpty && scope.labels.isSelected(by: $0.selector)
    }.sorted { ($0.creationTime, $0.hostname) < ($1.creationTime, $1.hostname) }
    for service in own {
      guard let port = service.port(number) else { continue }
      if !port.targetPortName.isEmpty { return scope.namedPorts[port.targetPortName] ?? number }
      return port.targetPort ?? number
    }
    return number
  }
}
