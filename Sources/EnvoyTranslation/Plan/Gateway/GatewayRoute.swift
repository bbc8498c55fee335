internal import MeshModel

/// The servers that share a route configuration, found by the domains that they may serve.
struct GatewayRoute: Sendable {
  /// In the order of creation of their gateways.
  let servers: [GatewayServer]
  private let byHost: [String: [Int]]
  /// How long the wildcards are, without their asterisks.
  private let wildcardLengths: Set<Int>

  init(_ servers: [GatewayServer]) {
    self.servers = servers
    var byHost: [String: [Int]] = [:]
    for (index, server) in servers.enumerated() {
      for host in server.hostNames { byHost[host, default: []].append(index) }
    }
    self.byHost = byHost
    wildcardLengths = Set(byHost.keys.filter(HostPattern.isWildcard).map { $0.utf8.count - 1 })
  }

  /// The servers with a host that is `domain` or covers it.
  func servers(covering domain: String) -> [GatewayServer] {
    var found = Set(byHost[domain] ?? [])
    let text = HostPattern.isWildcard(domain) ? domain.utf8.dropFirst() : domain.utf8[...]
    for length in wildcardLengths where length <= text.count {
      let wildcard = "*" + String(decoding: text.suffix(length), as: UTF8.self)
      found.formUnion(byHost[wildcard] ?? [])
    }
    return found.sorted().map { servers[$0] }
  }
}
