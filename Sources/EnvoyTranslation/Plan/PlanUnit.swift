internal import MeshModel

/// One piece of a view's planning, planned again only when something that it read changes.
enum PlanUnit: Hashable, Sendable {
  /// What does not depend on any service.
  case baseline
  /// The clusters, virtual hosts or endpoints of a host of a service or virtual service.
  case host(String)
  /// The listener that services share on one port, or a gateway's listeners of it.
  case port(UInt32)
  /// The listeners at an address that services have for themselves.
  case address(String)
  /// A gateway's route configuration without its hosts.
  case route(String)
  /// The virtual host of a domain in a gateway's route configuration.
  case virtualHost(route: String, domain: String)

  /// The unit that may exist, or exist no more, because a key changed; units that exist follow from what
  /// they read.
  static func concerned(by key: SnapshotKey) -> PlanUnit? {
    switch key {
    case .servicesOfHost(let host), .bindings(.virtualService, let host): .host(host)
    case .service(let id): .host(id.hostname)
    case .servicesOnPort(let number): .port(number)
    case .servicesOfAddress(let address): .address(address)
    default: nil
    }
  }
}

/// The planned resources of a unit.
struct UnitPlan {
  var clusters: [ClusterInput] = []
  var endpoints: [EndpointsInput] = []
  var listeners: [ListenerInput] = []
  var routes: [RouteConfigurationInput] = []
  var virtualHosts: [VirtualHostInput] = []
  var secrets: [SecretInput] = []
  var notices: [TranslationNotice] = []
}
