internal import IstioAPI
internal import MeshModel

/// Plans the chains of a gateway's server that forwards bytes.
struct GatewayTCPRoutePlanner {
  var scope: GatewayScope
  var mesh: MeshConfig
  var server: GatewayServer

  func chains(_ reader: inout SnapshotReader) -> [FilterChainInput] {
    let planner = TCPRoutePlanner(
      scope: scope.outbound, mesh: mesh, listeners: [EgressListeners.everything])
    var chains: [FilterChainInput] = []
    for service in reader.virtualServices(ofGateway: server.gatewayName)
    where reader.isVisible(exportedTo: service.spec.exportTo, owner: service.key.namespace) {
      if server.isTLSProtocol, !server.terminatesTLS {
        chains += tls(service, planner, &reader)
      } else {
        chains += tcp(service, planner, &reader)
      }
    }
    return chains
  }

  private func allows(_ port: UInt32?, _ gateways: [String], _ owner: String) -> Bool {
    if let port, port != server.number { return false }
    guard !gateways.isEmpty else { return true }
    return gateways.contains {
      ($0.contains("/") ? $0 : "\(owner)/\($0)") == server.gatewayName
    }
  }

  private func tls(
    _ service: Configuration<VirtualService>, _ planner: TCPRoutePlanner,
    _ reader: inout SnapshotReader
  ) -> [FilterChainInput] {
    var chains: [FilterChainInput] = []
    for route in service.spec.tls {
      for match in route.match where allows(match.port, match.gateways, service.key.namespace) {
        let names = match.sniHosts.filter {
          server.accepts($0.lowercased(), namespace: service.key.namespace) != nil
        }
        guard !names.isEmpty else { continue }
        let serverNames = names.contains("*") ? [] : Set(names).sorted()
        let proxy = planner.proxy(route.route, service, server.number, &reader)
        chains.append(
          FilterChainInput(
            match: serverNames.isEmpty ? nil : .init(serverNames: serverNames),
            filters: [.tcpProxy(proxy)], configuration: service.key))
      }
    }
    return chains
  }

  private func tcp(
    _ service: Configuration<VirtualService>, _ planner: TCPRoutePlanner,
    _ reader: inout SnapshotReader
  ) -> [FilterChainInput] {
    for route in service.spec.tcp {
      let isAllowed =
        route.match.isEmpty
        || route.match.contains { allows($0.port, $0.gateways, service.key.namespace) }
      guard isAllowed else { continue }
      let proxy = planner.proxy(route.route, service, server.number, &reader)
      let names = server.terminatesTLS ? server.serverNames : []
      return [
        FilterChainInput(
          match: names.isEmpty ? nil : .init(serverNames: names), filters: [.tcpProxy(proxy)],
          configuration: service.key)
      ]
    }
    return []
  }
}
