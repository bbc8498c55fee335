internal import EnvoyAPI
package import IstioAPI
internal import MeshModel
internal import ProtobufWire
package import XDSProtocol

/// Everything that a cluster is made from.
package struct ClusterInput: ResourceInput {
  /// How the hosts of a cluster are found.
  package enum Discovery: Hashable, Sendable {
    case endpoints
    case strictDNS
    case logicalDNS
    case originalDestination(portOverride: UInt32?)
    case fixed
  }

  package var name: String
  /// Istio keeps the name of the passthrough cluster for its inbound copy.
  package var statName: String?
  package var discovery: Discovery
  package var connectTimeout: IstioDuration
  package var loadBalancing: LoadBalancing = .leastRequest(warmup: nil)
  package var circuitBreakers: CircuitBreakers?
  package var outlierDetection: OutlierDetection?
  package var tcpKeepalive: TCPKeepalive?
  package var httpProtocols: UpstreamHTTPProtocols?
  package var tls: UpstreamTLS = .plaintext
  package var proxyProtocol: ProxyProtocolVersion?
  package var metadata: ClusterMetadata?
  /// In percent, 0 never panics; nil leaves Envoy's default.
  package var panicThreshold: Double?
  package var isLocalityWeighted = false
  package var hasLoadBalancingConfig = true
  /// The hosts of a DNS or fixed cluster.
  package var localities: [LocalityEndpoints] = []
  package var dns: DNSSettings?
  /// The address that connections to the application come from.
  package var bindAddress: String?
  /// Whether unused original destinations are kept.
  package var keepsUnusedHosts = false
  /// Istio's exchange of peer metadata, which only its own proxy knows.
  package var exchangesMetadata = false
  package var sources: [String] = []

  package init(name: String, discovery: Discovery, connectTimeout: IstioDuration) {
    self.name = name
    self.discovery = discovery
    self.connectTimeout = connectTimeout
  }

  package var type: ResourceType { .cluster }

  package var readiness: Readiness {
    switch discovery {
    case .endpoints: .endpoints
    case .strictDNS, .logicalDNS: .resolution
    case .originalDestination, .fixed: .immediate
    }
  }

  package func encode() -> [UInt8] {
    Envoy.Cluster.encode(capacity: 2048) { cluster in
      cluster.name(name)
      cluster.altStatName((statName ?? name) + ";")
      writeDiscovery(&cluster)
      cluster.connectTimeout(connectTimeout.wire)
      loadBalancing.write(&cluster, discovery)
      circuitBreakers?.write(&cluster)
      if let keepalive = tcpKeepalive { Self.write(keepalive, &cluster) }
      httpProtocols?.write(&cluster)
      outlierDetection?.write(&cluster)
      writeCommonLoadBalancing(&cluster)
      if let bindAddress {
        cluster.upstreamBindConfig {
          $0.sourceAddress {
            $0.address(bindAddress)
            $0.portValue(0)
          }
        }
      }
      if keepsUnusedHosts {
        cluster.cleanupInterval(.init(seconds: 9_223_372_035))
      }
      writeTransportSockets(&cluster)
      metadata?.write(&cluster)
      if exchangesMetadata { cluster.filters(encoded: MetadataExchange.clusterFilter) }
    }
  }

  private func writeDiscovery(_ cluster: inout Envoy.Cluster) {
    switch discovery {
    case .endpoints:
      cluster.type(.eds)
      cluster.edsClusterConfig {
        // Envoy asks by the cluster's name where no other is given.
        $0.edsConfig(encoded: ConfigSources.aggregated)
      }
    case .strictDNS, .logicalDNS:
      cluster.type(discovery == .strictDNS ? .strictDns : .logicalDns)
      dns?.write(&cluster)
      writeHosts(&cluster)
    case .originalDestination(let portOverride):
      cluster.type(.originalDst)
      if let portOverride {
        cluster.originalDstLbConfig { $0.upstreamPortOverride(portOverride) }
      }
    case .fixed:
      cluster.type(.static)
      if !localities.isEmpty { writeHosts(&cluster) }
    }
  }

  private func writeHosts(_ cluster: inout Envoy.Cluster) {
    cluster.loadAssignment {
      $0.clusterName(name)
      for locality in localities { $0.endpoints(locality.write) }
    }
  }

  private func writeCommonLoadBalancing(_ cluster: inout Envoy.Cluster) {
    guard hasLoadBalancingConfig else { return }
    cluster.commonLbConfig {
      if let panicThreshold { $0.healthyPanicThreshold { $0.value(panicThreshold) } }
      if isLocalityWeighted { $0.localityWeightedLbConfig() }
    }
  }

  private func writeTransportSockets(_ cluster: inout Envoy.Cluster) {
    guard let proxyProtocol else {
      tls.write(&cluster)
      return
    }
    ProxyProtocolTransport.write(&cluster, version: proxyProtocol, inner: tls)
  }

  private static func write(_ keepalive: TCPKeepalive, _ cluster: inout Envoy.Cluster) {
    cluster.upstreamConnectionOptions {
      $0.tcpKeepalive {
        if let probes = keepalive.probes { $0.keepaliveProbes(probes) }
        if let time = keepalive.time { $0.keepaliveTime(UInt32(clamping: time.seconds)) }
        if let interval = keepalive.interval {
          $0.keepaliveInterval(UInt32(clamping: interval.seconds))
        }
      }
    }
  }
}

extension IstioDuration {
  var wire: WireDuration { WireDuration(seconds: seconds, nanoseconds: nanoseconds) }
}
