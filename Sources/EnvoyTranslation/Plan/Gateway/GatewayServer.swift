internal import IstioAPI
internal import MeshModel

/// A server of a Gateway that a proxy serves, with the port it binds.
struct GatewayServer: Sendable {
  let gateway: ConfigKey
  let server: Server
  /// The port that the proxy binds: the target of the service port that the server names.
  let port: UInt32
  /// The hosts, each with the namespace whose virtual services it takes; empty takes all.
  let hosts: [Host]
  let gatewayName: String
  /// Whether requests are routed one by one.
  let isHTTP: Bool
  let isTLSProtocol: Bool
  let terminatesTLS: Bool
  /// The route configuration of the server's requests (contract §4.3).
  let routeName: String
  /// Where each host stands in `hosts`.
  private let positions: [String: [Int]]
  private let wildcards: [Int]

  struct Host: Hashable, Sendable {
    var namespace: String
    var name: String
  }

  init(gateway: ConfigKey, server: Server, port: UInt32, hosts: [Host]) {
    self.gateway = gateway
    self.server = server
    self.port = port
    self.hosts = hosts
    gatewayName = "\(gateway.namespace)/\(gateway.name)"
    let protocolName = (server.port?.protocol ?? "").uppercased()
    let isTLS = protocolName == "HTTPS" || protocolName == "TLS"
    let terminates =
      if let tls = server.tls {
        tls.mode != .passthrough && tls.mode != .autoPassthrough && !(tls.httpsRedirect && !isTLS)
      } else {
        false
      }
    isTLSProtocol = isTLS
    terminatesTLS = terminates
    isHTTP =
      switch protocolName {
      case "HTTP", "HTTP2", "GRPC", "GRPC-WEB": true
      case "HTTPS": terminates
      default: false
      }
    let number = server.port?.number ?? 0
    let suffix = server.bind.isEmpty ? "" : ".\(server.bind)"
    routeName =
      isTLS
      ? "https.\(number).\(server.port?.name ?? "").\(gateway.name).\(gateway.namespace)\(suffix)"
      : "http.\(port)\(suffix)"
    positions = Dictionary(grouping: hosts.indices) { hosts[$0].name }
    wildcards = hosts.indices.filter { HostPattern.isWildcard(hosts[$0].name) }
  }

  var bind: String { server.bind }
  var number: UInt32 { server.port?.number ?? 0 }
  var redirectsToTLS: Bool { server.tls?.httpsRedirect == true }
  var hostNames: Dictionary<String, [Int]>.Keys { positions.keys }

  var serverNames: [String] { has("*") ? [] : positions.keys.sorted() }

  /// Whether one of the hosts is just this.
  func has(_ host: String) -> Bool { positions[host] != nil }

  /// Whether a virtual service of `namespace` may serve `host` here; answers the narrower host.
  func accepts(_ host: String, namespace: String) -> String? {
    // The first that fits decides. None but these can cover an exact host.
    let candidates =
      HostPattern.isWildcard(host)
      ? Array(hosts.indices) : ((positions[host] ?? []) + wildcards).sorted()
    for index in candidates {
      let own = hosts[index]
      guard own.namespace.isEmpty || own.namespace == namespace else { continue }
      if let narrower = HostPattern.intersection(own.name, host) { return narrower }
    }
    return nil
  }
}
