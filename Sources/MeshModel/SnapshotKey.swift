/// A part of a snapshot that a computation can depend on.
package enum SnapshotKey: Hashable, Sendable {
  /// The services of one port number, and which of them stand before others of their host.
  case servicesOnPort(UInt32)
  /// The services of one virtual address, and which of them stand before others of their host.
  case servicesOfAddress(String)
  /// One service's declaration.
  case service(ServiceID)
  /// Which services declare a host.
  case servicesOfHost(String)
  /// The services of one namespace, as selectors see them.
  case servicesOfNamespace(String)
  /// The endpoints of a service.
  case endpoints(ServiceID)
  /// The service accounts of the endpoints of a service.
  case serviceAccounts(ServiceID)
  /// The objects of a kind that are bound to a host.
  case bindings(ConfigKind, host: String)
  /// The objects of a kind that are bound to a wildcard host.
  case wildcardBindings(ConfigKind)
  /// Whether there is any object of a kind.
  case presence(ConfigKind)
  /// The objects of a kind in a namespace.
  case namespace(ConfigKind, String)
  /// All objects of a kind.
  case all(ConfigKind)
  /// The virtual services that are bound to a gateway, which is named `namespace/name`.
  case boundToGateway(String)
  /// The virtual services that are bound to a gateway with a host.
  case boundToGatewayHost(gateway: String, host: String)
  /// Which hosts are bound to a gateway, and to whom those are exported.
  case hostsOfGateway(String)
  /// Which wildcard hosts are bound to a gateway.
  case wildcardHostsOfGateway(String)
  /// The workload of an address.
  case workload(address: String)
  /// The workload that an object declares.
  case workloadOfObject(ConfigKey)
  /// The policies of a namespace that proxies may still act by although they were replaced.
  case retiringPeerAuthentications(String)
  /// The TLS material of a Secret.
  case secret(ConfigKey)
  case meshConfig
  /// The label keys that client-side configuration selects by.
  case selectorLabels
  /// Whether there is a service for which it matters on which node its callers are.
  case nodeAwareServices
}

extension SnapshotKey {
  /// Whether this changes when somebody edits configuration, not when pods come and go.
  var isConfiguration: Bool {
    switch self {
    case .endpoints, .serviceAccounts, .workload, .workloadOfObject: false
    default: true
    }
  }
}

/// The parts of a snapshot that an update changed.
package typealias ChangeSet = Set<SnapshotKey>
