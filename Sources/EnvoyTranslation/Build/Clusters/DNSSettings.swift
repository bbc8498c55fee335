internal import EnvoyAPI
internal import IstioAPI
internal import ProtobufWire

/// How a cluster resolves the names of its hosts.
package struct DNSSettings: Hashable, Sendable {
  var refreshRate: IstioDuration
  var isIPv6 = false

  func write(_ cluster: inout Envoy.Cluster) {
    cluster.dnsRefreshRate(refreshRate.wire)
    cluster.dnsLookupFamily(isIPv6 ? .v6Only : .v4Only)
    cluster.respectDnsTtl(true)
    cluster.dnsJitter(.milliseconds(100))
    cluster.typedDnsResolverConfig {
      $0.name("envoy.network.dns_resolver.cares")
      $0.typedConfig(Envoy.CaresDnsResolverConfig.self) { $0.udpMaxQueries(100) }
    }
  }
}
