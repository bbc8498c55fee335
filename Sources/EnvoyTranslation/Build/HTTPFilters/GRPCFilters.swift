internal import EnvoyAPI
internal import ProtobufWire

/// The filters that know gRPC.
enum GRPCFilters {
  static let statistics = Envoy.HttpFilter.encode {
    $0.name("envoy.filters.http.grpc_stats")
    $0.typedConfig(Envoy.GrpcStats.self) {
      $0.statsForAllMethods(false)
      $0.emitFilterState(true)
    }
  }

  static let web = Envoy.HttpFilter.encode {
    $0.name("envoy.filters.http.grpc_web")
    $0.typedConfig(Envoy.GrpcWeb.self)
  }
}
