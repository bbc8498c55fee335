internal import IstioAPI

/// The listener that every captured outbound connection reaches first (contract §6.3).
enum VirtualOutbound {
  static func listener(
    _ scope: OutboundScope, _ mesh: MeshConfig, _ mode: OutboundTrafficMode
  ) -> ListenerInput {
    let port = UInt32(clamping: mesh.proxyListenPort)
    let blackHole = FilterChainInput(
      name: "virtualOutbound-blackhole", match: .init(destinationPort: port),
      filters: [
        .tcpProxy(
          TCPProxyInput(statPrefix: ClusterName.blackHole, cluster: ClusterName.blackHole))
      ])
    var fallback = passthroughChain(mode)
    fallback.name = "virtualOutbound-catchall-tcp"
    fallback.match = nil
    if case .tcpProxy(var proxy)? = fallback.filters.first {
      proxy.accessLog = AccessLogInput(mesh)
      fallback.filters = [.tcpProxy(proxy)]
    }
    var listener = ListenerInput(
      name: "virtualOutbound", address: .ip(scope.wildcardAddress, port), direction: .outbound,
      chains: [blackHole, fallback])
    listener.usesOriginalDestination = true
    listener.isTransparent = scope.interception == .tproxy
    listener.acceptsOneAtATime = true
    return listener
  }

  /// What takes connections that no service's chain takes.
  static func passthroughChain(_ mode: OutboundTrafficMode) -> FilterChainInput {
    let cluster = mode == .registryOnly ? ClusterName.blackHole : ClusterName.passthrough
    return FilterChainInput(
      name: "PassthroughFilterChain", match: .init(),
      filters: [.tcpProxy(TCPProxyInput(statPrefix: cluster, cluster: cluster))])
  }
}
