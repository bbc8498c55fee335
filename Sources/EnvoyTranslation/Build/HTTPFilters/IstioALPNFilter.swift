internal import EnvoyAPI
internal import ProtobufWire

/// `istio.alpn`, which offers upstream an ALPN that tells the protocol of the request.
///
/// Only istio-proxy has it; for other proxies the cluster's TLS context carries the ALPN.
enum IstioALPNFilter {
  static let filter = Envoy.HttpFilter.encode { filter in
    filter.name("istio.alpn")
    filter.typedConfig(Envoy.IstioAlpn.self) { alpn in
      write(.http10, ["istio-http/1.0", "istio", "http/1.0"], &alpn)
      write(.http11, ["istio-http/1.1", "istio", "http/1.1"], &alpn)
      write(.http2, ["istio-h2", "istio", "h2"], &alpn)
    }
  }

  private static func write(
    _ version: Envoy.IstioAlpn.ProtocolKind, _ names: [String], _ alpn: inout Envoy.IstioAlpn
  ) {
    alpn.alpnOverride {
      $0.upstreamProtocol(version)
      for name in names { $0.alpnOverride(name) }
    }
  }
}
