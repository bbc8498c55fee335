internal import EnvoyAPI
internal import IstioAPI
internal import ProtobufWire

/// A PROXY protocol header before whatever the cluster speaks.
enum ProxyProtocolTransport {
  static func write(
    _ cluster: inout Envoy.Cluster, version: ProxyProtocolVersion, inner: UpstreamTLS
  ) {
    cluster.transportSocket {
      $0.name("envoy.transport_sockets.upstream_proxy_protocol")
      $0.typedConfig(Envoy.ProxyProtocolUpstreamTransport.self) { transport in
        transport.config { $0.version(version == .v1 ? .v1 : .v2) }
        transport.transportSocket { writeInner(&$0, inner) }
      }
    }
  }

  private static func writeInner(_ socket: inout Envoy.TransportSocket, _ inner: UpstreamTLS) {
    switch inner {
    case .plaintext:
      socket.name("envoy.transport_sockets.raw_buffer")
      socket.typedConfig(Envoy.RawBuffer.self)
    case .automatic(let client), .mutual(let client):
      socket.name("envoy.transport_sockets.tls")
      socket.typedConfig(Envoy.UpstreamTlsContext.self, client.write)
    case .custom(let client):
      socket.name("envoy.transport_sockets.tls")
      socket.typedConfig(Envoy.UpstreamTlsContext.self, client.write)
    }
  }
}
