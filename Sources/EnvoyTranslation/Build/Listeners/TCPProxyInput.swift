internal import EnvoyAPI
package import IstioAPI
internal import ProtobufWire

/// Forwards a connection's bytes.
package struct TCPProxyInput: Hashable, Sendable {
  /// A cluster with its share of the connections.
  package struct Destination: Hashable, Sendable {
    package var cluster: String
    package var weight: UInt32
  }

  package var statPrefix: String
  /// One destination needs no weight.
  package var destinations: [Destination]
  package var idleTimeout: IstioDuration?
  package var maxConnectionDuration: IstioDuration?
  package var hashesSourceAddress = false
  package var accessLog: AccessLogInput?

  package init(statPrefix: String, cluster: String) {
    self.statPrefix = statPrefix
    destinations = [Destination(cluster: cluster, weight: 1)]
  }

  var clusters: [String] { destinations.map(\.cluster) }

  func write(_ proxy: inout Envoy.TcpProxy) {
    proxy.statPrefix(statPrefix)
    if destinations.count == 1, let only = destinations.first {
      proxy.cluster(only.cluster)
    } else {
      proxy.weightedClusters { clusters in
        for destination in destinations {
          clusters.clusters {
            $0.name(destination.cluster)
            $0.weight(destination.weight)
          }
        }
      }
    }
    if let idleTimeout { proxy.idleTimeout(idleTimeout.wire) }
    accessLog.map { log in proxy.accessLog(log.write) }
    if hashesSourceAddress { proxy.hashPolicy { $0.sourceIp() } }
    if let maxConnectionDuration {
      proxy.maxDownstreamConnectionDuration(maxConnectionDuration.wire)
    }
  }
}
