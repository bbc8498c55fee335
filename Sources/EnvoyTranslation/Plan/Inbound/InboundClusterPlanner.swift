internal import IstioAPI
internal import MeshModel

/// Plans the clusters that lead to the application (contract §5.9).
struct InboundClusterPlanner {
  var scope: InboundScope
  var mesh: MeshConfig

  func cluster(_ port: InboundPort, _ reader: inout SnapshotReader) -> ClusterInput {
    let pool = port.connectionPool ?? port.service.flatMap { limits(of: $0, port, &reader) }
    let endpoint =
      port.endpoint
      ?? (mesh.inboundTrafficPolicy.mode == .localhost ? .ip("127.0.0.1", port.number) : nil)
    var cluster = ClusterInput(
      name: ClusterName.inbound(port.number),
      discovery: endpoint == nil ? .originalDestination(portOverride: nil) : .fixed,
      connectTimeout: pool?.tcp?.connectTimeout ?? mesh.connectTimeout)
    cluster.circuitBreakers = CircuitBreakers(pool)
    cluster.tcpKeepalive = pool?.tcp?.tcpKeepalive ?? mesh.tcpKeepalive
    cluster.sources = port.sources
    if !port.services.isEmpty { cluster.metadata = ClusterMetadata(services: port.services) }
    if let endpoint {
      cluster.loadBalancing = .roundRobin(warmup: nil)
      cluster.localities = [
        LocalityEndpoints(
          locality: EndpointLocality(),
          endpoints: [
            .init(
              address: endpoint, weight: 1, health: .healthy, acceptsMutualTLS: false,
              telemetry: "")
          ])
      ]
    } else {
      cluster.loadBalancing = .clusterProvided
      cluster.keepsUnusedHosts = true
      cluster.bindAddress = scope.isIPv6 ? "::6" : "127.0.0.6"
    }
    cluster.httpProtocols = protocols(port, pool)
    return cluster
  }

  private func protocols(
    _ port: InboundPort, _ pool: ConnectionPoolSettings?
  ) -> UpstreamHTTPProtocols? {
    let version: UpstreamHTTPProtocols.Version =
      port.protocolKind.isHTTP2
      ? .http2 : port.protocolKind == .undeclared ? .asDownstream : .http1
    var options = UpstreamHTTPProtocols(version: version)
    options.idleTimeout = pool?.http?.idleTimeout ?? pool?.tcp?.idleTimeout
    options.maxRequestsPerConnection = pool?.http?.maxRequestsPerConnection
    return options.orNilIfDefault
  }

  private func limits(
    of service: MeshService, _ port: InboundPort, _ reader: inout SnapshotReader
  ) -> ConnectionPoolSettings? {
    DestinationRuleResolution.resolve(service, &reader)
      .policy(port: port.servicePort).connectionPool
  }
}
