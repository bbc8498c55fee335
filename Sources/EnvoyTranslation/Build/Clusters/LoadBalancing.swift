internal import EnvoyAPI
internal import IstioAPI
internal import ProtobufWire

/// How a cluster chooses a host.
package enum LoadBalancing: Hashable, Sendable {
  case roundRobin(warmup: Warmup?)
  case leastRequest(warmup: Warmup?)
  case random
  case ringHash(minimumSize: UInt64?)
  case maglev(tableSize: UInt64?)
  case clusterProvided

  /// A gentle start for new hosts.
  package struct Warmup: Hashable, Sendable {
    var window: IstioDuration
    var aggression: Double
    var minimumPercent: Double
  }

  func write(_ cluster: inout Envoy.Cluster, _ discovery: ClusterInput.Discovery) {
    switch self {
    case .roundRobin(let warmup):
      cluster.lbPolicy(.roundRobin)
      if let warmup {
        cluster.roundRobinLbConfig { $0.slowStartConfig { Self.write(warmup, &$0) } }
      }
    case .leastRequest(let warmup):
      cluster.lbPolicy(.leastRequest)
      if let warmup {
        cluster.leastRequestLbConfig { $0.slowStartConfig { Self.write(warmup, &$0) } }
      }
    case .random: cluster.lbPolicy(.random)
    case .ringHash(let size):
      cluster.lbPolicy(.ringHash)
      cluster.ringHashLbConfig { if let size { $0.minimumRingSize(size) } }
    case .maglev(let size):
      cluster.lbPolicy(.maglev)
      cluster.maglevLbConfig { if let size { $0.tableSize(size) } }
    case .clusterProvided: cluster.lbPolicy(.clusterProvided)
    }
  }

  private static func write(_ warmup: Warmup, _ config: inout Envoy.Cluster.SlowStartConfig) {
    config.slowStartWindow(warmup.window.wire)
    config.aggression {
      $0.defaultValue(warmup.aggression)
      $0.runtimeKey("(")
    }
    config.minWeightPercent { $0.value(warmup.minimumPercent) }
  }
}
