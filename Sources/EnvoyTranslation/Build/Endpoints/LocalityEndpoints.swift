internal import EnvoyAPI
package import MeshModel
internal import ProtobufWire

/// The endpoints of one locality, as a cluster or an endpoint assignment carries them.
package struct LocalityEndpoints: Hashable, Sendable {
  package var locality: EndpointLocality
  package var endpoints: [Endpoint]
  package var priority: UInt32 = 0
  /// The share of the locality; nil sums the endpoints' weights.
  package var weight: UInt32?
  /// Whether that all endpoints take mutual TLS is said once, of the locality.
  ///
  /// Envoy chooses a transport socket by an endpoint's metadata, else by its locality's.
  package var isMarkedAsWhole = false
  /// Whether the endpoints are on the proxy's own node, where that is preferred; decides the priority.
  package var isOnNode = false

  /// One endpoint with what its proxy needs to know.
  package struct Endpoint: Hashable, Sendable {
    package var address: SocketAddress
    package var weight: UInt32
    package var health: EndpointHealth
    package var acceptsMutualTLS: Bool
    /// `workload;namespace;canonical name;canonical revision;cluster`; empty when unknown.
    package var telemetry: String

    package init(
      address: SocketAddress, weight: UInt32, health: EndpointHealth, acceptsMutualTLS: Bool,
      telemetry: String
    ) {
      self.address = address
      self.weight = weight
      self.health = health
      self.acceptsMutualTLS = acceptsMutualTLS
      self.telemetry = telemetry
    }
  }

  package init(
    locality: EndpointLocality, endpoints: [Endpoint], priority: UInt32 = 0, weight: UInt32? = nil
  ) {
    self.locality = locality
    self.endpoints = endpoints
    self.priority = priority
    self.weight = weight
  }

  func write(_ group: inout Envoy.LocalityLbEndpoints) {
    if locality != EndpointLocality() {
      group.locality {
        $0.region(locality.region)
        $0.zone(locality.zone)
        $0.subZone(locality.subZone)
      }
    }
    for endpoint in endpoints { group.lbEndpoints { write(endpoint, &$0) } }
    let total = weight ?? endpoints.reduce(0) { $0 &+ $1.weight }
    if total > 0 { group.loadBalancingWeight(total) }
    group.priority(priority)
    if isMarkedAsWhole {
      group.metadata { $0.filterMetadata("envoy.transport_socket_match", Self.mutualTLS) }
    }
  }

  private func write(_ endpoint: Endpoint, _ message: inout Envoy.LbEndpoint) {
    message.endpoint { $0.address(endpoint.address.write) }
    switch endpoint.health {
    // What is said of no endpoint is that it is healthy and weighs 1.
    case .healthy: break
    case .unhealthy: message.healthStatus(.unhealthy)
    case .draining: message.healthStatus(.draining)
    }
    let isMarked = endpoint.acceptsMutualTLS && !isMarkedAsWhole
    if isMarked || !endpoint.telemetry.isEmpty {
      message.metadata { metadata in
        if isMarked {
          metadata.filterMetadata("envoy.transport_socket_match", Self.mutualTLS)
        }
        if !endpoint.telemetry.isEmpty {
          metadata.filterMetadata(
            "istio", WireStruct([.init("workload", .string(endpoint.telemetry))]))
        }
      }
    }
    if endpoint.weight != 1 { message.loadBalancingWeight(endpoint.weight) }
  }

  private static let mutualTLS = WireStruct([.init("tlsMode", .string("istio"))])
}
