internal import EnvoyAPI
internal import ProtobufWire

/// Istio's exchange of peer metadata between proxies; only istio-proxy has the filters.
enum MetadataExchange {
  private static let tcpConfig = WireStruct([
    .init("enable_discovery", .bool(true)), .init("protocol", .string("istio-peer-exchange")),
  ])

  static let clusterFilter = Envoy.ClusterFilter.encode {
    $0.name("istio.metadata_exchange")
    $0.typedConfig(Envoy.TypedStruct.self, writeTCP)
  }

  static let networkFilter = Envoy.NetworkFilter.encode {
    $0.name("istio.metadata_exchange")
    $0.typedConfig(Envoy.TypedStruct.self, writeTCP)
  }

  private static func writeTCP(_ config: inout Envoy.TypedStruct) {
    config.typeUrl("type.googleapis.com/envoy.tcp.metadataexchange.config.MetadataExchange")
    config.value(tcpConfig)
  }

  static func httpFilter(_ isInbound: Bool) -> [UInt8] { isInbound ? inboundHTTP : outboundHTTP }

  private static let inboundHTTP = makeHTTP(prefix: "downstream")
  private static let outboundHTTP = makeHTTP(prefix: "upstream")

  private static func makeHTTP(prefix: String) -> [UInt8] {
    let methods = WireValue.list([
      .object(.init([.init("istio_headers", .object(.init()))])),
      .object(.init([.init("workload_discovery", .object(.init()))])),
    ])
    let propagation = WireValue.list([.object(.init([.init("istio_headers", .object(.init()))]))])
    return Envoy.HttpFilter.encode {
      $0.name("istio.metadata_exchange")
      $0.typedConfig(Envoy.TypedStruct.self) {
        $0.typeUrl("type.googleapis.com/io.istio.http.peer_metadata.Config")
        $0.value(
          .init([
            .init(prefix + "_discovery", methods), .init(prefix + "_propagation", propagation),
          ]))
      }
    }
  }
}
