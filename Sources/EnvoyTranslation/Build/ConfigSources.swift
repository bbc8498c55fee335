internal import EnvoyAPI
internal import ProtobufWire

// Where Envoy finds what a resource refers to by name.
enum ConfigSources {
  /// Over the stream that delivered the resource, waiting for it without limit.
  static let aggregated = Envoy.ConfigSource.encode {
    $0.ads()
    $0.initialFetchTimeout(.zero)
    $0.resourceApiVersion(.v3)
  }

  /// Over the stream that delivered the resource; virtual hosts take no fetch timeout.
  static let virtualHosts = Envoy.ConfigSource.encode {
    $0.ads()
    $0.resourceApiVersion(.v3)
  }

  /// Over the stream that delivered the resource; a missing secret holds nothing up for long.
  static let secrets = virtualHosts

  /// From the agent beside the proxy, which holds the workload's certificate.
  static let agentSecrets = Envoy.ConfigSource.encode {
    $0.apiConfigSource {
      $0.apiType(.grpc)
      $0.transportApiVersion(.v3)
      $0.grpcServices { $0.envoyGrpc { $0.clusterName("sds-grpc") } }
      $0.setNodeOnFirstMessageOnly(true)
    }
    $0.initialFetchTimeout(.zero)
    $0.resourceApiVersion(.v3)
  }
}
