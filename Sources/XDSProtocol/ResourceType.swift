/// The resource types that travel over the aggregated discovery service.
///
/// Source: <https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#resource-types>.
package enum ResourceType: UInt8, CaseIterable, Hashable, Sendable {
  case cluster
  case endpoints
  case listener
  case route
  case virtualHost
  case secret

  /// The type URL, as requests and responses carry it.
  package var typeURL: String {
    switch self {
    case .cluster: "type.googleapis.com/envoy.config.cluster.v3.Cluster"
    case .endpoints: "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
    case .listener: "type.googleapis.com/envoy.config.listener.v3.Listener"
    case .route: "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
    case .virtualHost: "type.googleapis.com/envoy.config.route.v3.VirtualHost"
    case .secret: "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
    }
  }

  /// The short name that operators and metrics use.
  package var shortName: String {
    switch self {
    case .cluster: "cds"
    case .endpoints: "eds"
    case .listener: "lds"
    case .route: "rds"
    case .virtualHost: "vhds"
    case .secret: "sds"
    }
  }

  /// Whether an empty list of names asks for every resource.
  package var isWildcard: Bool {
    switch self {
    case .cluster, .listener, .virtualHost: true
    case .endpoints, .route, .secret: false
    }
  }

  package init?(typeURL: String) {
    guard let type = Self.allCases.first(where: { $0.typeURL == typeURL }) else { return nil }
    self = type
  }
}

/// A value for each resource type.
package struct PerResourceType<Value> {
  private var values: [Value]

  package init(_ initial: (ResourceType) -> Value) {
    values = ResourceType.allCases.map(initial)
  }

  package subscript(type: ResourceType) -> Value {
    get { values[Int(type.rawValue)] }
    set { values[Int(type.rawValue)] = newValue }
    _modify { yield &values[Int(type.rawValue)] }
  }
}

extension PerResourceType: Sendable where Value: Sendable {}
