internal import EnvoyAPI
internal import ProtobufWire
package import XDSProtocol

/// Everything that a virtual host is made from.
package struct VirtualHostInput: ResourceInput {
  /// The route configuration that the host belongs to.
  package var route: String
  /// The host's own name, such as `reviews.default.svc.cluster.local:9080`.
  package var host: String
  package var domains: [String]
  package var routes: [HTTPRouteInput]
  package var redirectsToTLS = false
  package var countsAttempts = true
  /// Whether the host is a resource of its own, so that its name tells its route.
  package var isDiscovered: Bool
  package var sources: [String] = []

  package init(
    route: String, host: String, domains: [String], routes: [HTTPRouteInput], isDiscovered: Bool
  ) {
    self.route = route
    self.host = host
    self.domains = domains
    self.routes = routes
    self.isDiscovered = isDiscovered
  }

  package var type: ResourceType { .virtualHost }
  package var name: String { "\(route)/\(host)" }
  package var exclusiveNames: [String] { domains }

  package var references: [ResourceName] {
    Set(routes.flatMap(\.clusters)).sorted().map { ResourceName(.cluster, $0) }
  }

  package func encode() -> [UInt8] {
    Envoy.VirtualHost.encode(capacity: 1024) { message in
      // Envoy removes a discovered host by this name, so it has to be the resource's.
      message.name(isDiscovered ? name : host)
      for domain in domains { message.domains(domain) }
      for route in routes { message.routes(route.write) }
      if redirectsToTLS { message.requireTls(.all) }
      if countsAttempts { message.includeRequestAttemptCount(true) }
    }
  }
}
