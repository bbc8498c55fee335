internal import HashTreeCollections
package import IstioAPI

/// The one way to read a snapshot: everything read is recorded, so that a computation's dependencies
/// are complete by construction.
package struct SnapshotReader: ~Copyable {
  private let snapshot: MeshSnapshot
  /// What has been read so far.
  package private(set) var dependencies: Set<SnapshotKey> = []

  package init(_ snapshot: MeshSnapshot) {
    self.snapshot = snapshot
  }

  package var clusterDomain: String { snapshot.clusterDomain }

  // MARK: Services

  /// Every service, by host and namespace.
  package mutating func services() -> [MeshService] {
    dependencies.insert(.serviceSet)
    return snapshot.servicesInOrder
  }

  package mutating func service(_ id: ServiceID) -> MeshService? {
    dependencies.insert(.service(id))
    return snapshot.services[id]
  }

  /// The services that declare `host`.
  package mutating func services(ofHost host: String) -> [MeshService] {
    dependencies.insert(.servicesOfHost(host))
    var found: [MeshService] = []
    for id in snapshot.servicesOfHost[host] ?? [] {
      if let service = service(id) { found.append(service) }
    }
    return found
  }

  /// The services of a namespace.
  package mutating func services(inNamespace namespace: String) -> [MeshService] {
    dependencies.insert(.servicesOfNamespace(namespace))
    return (snapshot.servicesOfNamespace[namespace] ?? []).compactMap { snapshot.services[$0] }
  }

  /// Notes a dependency on every service that has a port of this number.
  package mutating func dependOnPort(_ number: UInt32) {
    dependencies.insert(.servicesOnPort(number))
  }

  package mutating func endpoints(_ id: ServiceID) -> [MeshEndpoint] {
    dependencies.insert(.endpoints(id))
    return snapshot.endpoints[id] ?? []
  }

  /// The service accounts of a service's endpoints as `namespace/name`, sorted.
  package mutating func serviceAccounts(_ id: ServiceID) -> [String] {
    dependencies.insert(.serviceAccounts(id))
    return snapshot.serviceAccounts[id] ?? []
  }

  package mutating func workloads(at address: String) -> [Workload] {
    dependencies.insert(.workload(address: address))
    return (snapshot.workloadsOfAddress[address] ?? []).compactMap { snapshot.workloads[$0] }
  }

  package mutating func secret(_ key: ConfigKey) -> TLSSecret? {
    dependencies.insert(.secret(key))
    return snapshot.secrets[key]
  }

  // MARK: Configuration

  /// The label keys by which configuration tells clients apart.
  package mutating func selectorLabelKeys() -> Set<String> {
    dependencies.insert(.selectorLabels)
    return Set(snapshot.selectorLabels.keys)
  }

  package mutating func meshConfig() -> MeshConfig {
    dependencies.insert(.meshConfig)
    return snapshot.meshConfig
  }

  /// The virtual services that name `host` or a wildcard that covers it, the most specific host first.
  package mutating func virtualServices(boundTo host: String) -> [Configuration<VirtualService>] {
    bound(snapshot.virtualServices, .virtualService, host)
  }

  /// The destination rules for `host`, the most specific host first.
  package mutating func destinationRules(boundTo host: String) -> [Configuration<DestinationRule>] {
    bound(snapshot.destinationRules, .destinationRule, host)
  }

  /// All virtual services, the oldest first.
  package mutating func virtualServices() -> [Configuration<VirtualService>] {
    dependencies.insert(.all(.virtualService))
    return snapshot.virtualServices.inOrder
  }

  /// The hosts that virtual services are bound to.
  package mutating func virtualServiceHosts() -> [String] {
    dependencies.insert(.boundHosts(.virtualService))
    return snapshot.virtualServices.byHost.keys.sorted()
  }

  package mutating func gateways() -> [Configuration<Gateway>] {
    dependencies.insert(.all(.gateway))
    return snapshot.gatewaysInOrder
  }

  package mutating func sidecars(inNamespace namespace: String) -> [Configuration<Sidecar>] {
    dependencies.insert(.namespace(.sidecar, namespace))
    return snapshot.sidecars[namespace] ?? []
  }

  package mutating func peerAuthentications(
    inNamespace namespace: String
  ) -> [Configuration<PeerAuthentication>] {
    dependencies.insert(.namespace(.peerAuthentication, namespace))
    return snapshot.peerAuthentications[namespace] ?? []
  }

  /// The policies that the namespace's clients may still act by: the present ones, unless a change of
  /// them is under way.
  package mutating func retiringPeerAuthentications(
    inNamespace namespace: String
  ) -> [Configuration<PeerAuthentication>] {
    dependencies.insert(.retiringPeerAuthentications(namespace))
    return snapshot.retiringPeerAuthentications[namespace]
      ?? peerAuthentications(inNamespace: namespace)
  }

  private mutating func bound<Spec>(
    _ configurations: BoundConfigurations<Spec>, _ kind: ConfigKind, _ host: String
  ) -> [Configuration<Spec>] {
    dependencies.insert(.bindings(kind, host: host))
    dependencies.insert(.wildcardBindings(kind))
    var found = configurations.byHost[host] ?? []
    let wildcards = configurations.wildcards.filter { $0 != host && HostPattern.matches($0, host) }
      .sorted { HostPattern.isMoreSpecific($0, than: $1) }
    for wildcard in wildcards { found += configurations.byHost[wildcard] ?? [] }
    return found
  }
}
