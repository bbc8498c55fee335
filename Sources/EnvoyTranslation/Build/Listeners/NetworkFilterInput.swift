internal import EnvoyAPI
internal import ProtobufWire

/// A network filter of a chain.
package enum NetworkFilterInput: Hashable, Sendable {
  case http(HTTPConnectionManagerInput)
  case tcpProxy(TCPProxyInput)
  /// Istio's exchange of peer metadata.
  case metadataExchange

  var clusters: [String] {
    switch self {
    case .http(let manager): manager.clusters
    case .tcpProxy(let proxy): proxy.clusters
    case .metadataExchange: []
    }
  }

  func write(_ chain: inout Envoy.FilterChain) {
    switch self {
    case .http(let manager):
      chain.filters {
        $0.name("envoy.filters.network.http_connection_manager")
        $0.typedConfig(Envoy.HttpConnectionManager.self, manager.write)
      }
    case .tcpProxy(let proxy):
      chain.filters {
        $0.name("envoy.filters.network.tcp_proxy")
        $0.typedConfig(Envoy.TcpProxy.self, proxy.write)
      }
    case .metadataExchange: chain.filters(encoded: MetadataExchange.networkFilter)
    }
  }
}
