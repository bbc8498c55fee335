package import EnvoyTranslation
internal import IstioAPI
internal import MeshModel

/// Inputs of resources as nearly every one of a mesh is.
package enum SampleInputs {
  private static func host(_ index: Int) -> String { "svc-\(index).ns-1.svc.cluster.local" }

  /// A cluster that finds its endpoints by discovery and decides on mutual TLS by endpoint.
  package static func cluster(_ index: Int) -> ClusterInput {
    var cluster = ClusterInput(
      name: "outbound|80||\(host(index))", discovery: .endpoints,
      connectTimeout: IstioDuration(seconds: 10))
    cluster.circuitBreakers = CircuitBreakers(nil)
    cluster.panicThreshold = 0
    cluster.tls = .automatic(
      MutualTLSClient(
        sni: "outbound_.80_._.\(host(index))",
        subjectAltNames: ["spiffe://cluster.local/ns/ns-1/sa/svc-\(index)"],
        alpn: ["istio-http/1.1", "istio", "http/1.1"]))
    return cluster
  }

  /// The endpoints of a cluster in two zones.
  package static func endpoints(_ index: Int, count: Int) -> EndpointsInput {
    let localities = (0..<2).map { zone in
      LocalityEndpoints(
        locality: EndpointLocality(region: "region", zone: "zone-\(zone)"),
        endpoints: (0..<count / 2).map { number in
          LocalityEndpoints.Endpoint(
            address: .ip("10.\(index % 250).\(zone).\(number % 250)", 8080), weight: 1,
            health: .healthy, acceptsMutualTLS: true,
            telemetry: "svc-\(index);ns-1;svc-\(index);v1;Kubernetes")
        })
    }
    return EndpointsInput(
      name: "outbound|80||\(host(index))", clusterVersion: "0123456789abcdef",
      localities: localities)
  }

  /// A virtual host that is a resource of its own, with a route for a prefix and one for the rest.
  package static func virtualHost(
    _ index: Int, isDiscovered: Bool = true
  ) -> VirtualHostInput {
    let destination = HTTPRouteInput.Destination(
      cluster: "outbound|80||\(host(index))", weight: 1)
    var match = HTTPMatchRequest()
    match.uri = .prefix("/api")
    let action = HTTPRouteInput.Action.route(RouteActionInput(destinations: [destination]))
    return VirtualHostInput(
      route: "80", host: "\(host(index)):80",
      domains: [host(index), "svc-\(index).ns-1.svc", "svc-\(index).ns-1", "10.96.0.1"],
      routes: [
        HTTPRouteInput(name: "api", match: match, action: action),
        HTTPRouteInput(name: "default", action: action),
      ], isDiscovered: isDiscovered)
  }

  /// A whole route configuration, as proxies get it that do not discover virtual hosts.
  package static func route(hosts: Int) -> RouteConfigurationInput {
    RouteConfigurationInput(
      name: "80",
      virtualHosts: .inline((0..<hosts).map { virtualHost($0, isDiscovered: false) }))
  }

  /// A listener of HTTP with everything that stands in its connection manager.
  package static func listener(_ index: Int) -> ListenerInput {
    let manager = HTTPConnectionManagerInput(
      role: .sidecarOutbound, statPrefix: "outbound_10.96.0.1_\(8000 + index)",
      routes: .discovered("\(8000 + index)"), dialect: .stock)
    return ListenerInput(
      name: "0.0.0.0_\(8000 + index)", address: .ip("0.0.0.0", UInt32(8000 + index)),
      direction: .outbound, chains: [FilterChainInput(filters: [.http(manager)])])
  }
}
