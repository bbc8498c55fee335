internal import HashTreeCollections
package import IstioAPI

/// The one way to read a snapshot: everything read is recorded, so that a computation's dependencies
/// are complete by construction.
package struct SnapshotReader: ~Copyable {
  let snapshot: MeshSnapshot
  /// What has been read so far.
  package private(set) var dependencies: Set<SnapshotKey> = []

  /// What was asked of the viewer so far, with the answers.
  package private(set) var answers: [Viewer.Question: Bool] = [:]
  private let viewer: Viewer

  package init(_ snapshot: MeshSnapshot, viewer: Viewer = Viewer()) {
    self.snapshot = snapshot
    self.viewer = viewer
  }

  package var clusterDomain: String { snapshot.clusterDomain }

  /// A reader of the same snapshot for the same viewer that has read nothing yet.
  package func fresh() -> SnapshotReader { SnapshotReader(snapshot, viewer: viewer) }

  /// Whether the viewer would give these answers.
  package func holds(_ answers: [Viewer.Question: Bool]) -> Bool {
    answers.allSatisfy { viewer.answer($0.key) == $0.value }
  }

  /// Takes over what another reader of the same snapshot read and asked.
  package mutating func join(
    dependencies others: Set<SnapshotKey>, answers given: [Viewer.Question: Bool]
  ) {
    dependencies.formUnion(others)
    answers.merge(given) { known, _ in known }
  }

  mutating func record(_ key: SnapshotKey) { dependencies.insert(key) }

  // MARK: The viewer

  /// Whether the viewer is of `namespace`.
  package mutating func isOwn(_ namespace: String) -> Bool {
    ask(.isOf(namespace: namespace))
  }

  /// Whether the viewer's DNS search domain is that of `namespace`.
  package mutating func isSearched(_ namespace: String) -> Bool {
    ask(.searches(namespace: namespace))
  }

  /// Whether the viewer's labels meet a selector; an empty one selects everybody.
  package mutating func isSelected(by selector: [String: String]) -> Bool {
    selector.isEmpty || ask(.isSelected(by: selector))
  }

  /// Whether the viewer runs on `node`.
  package mutating func isOn(node: String) -> Bool {
    ask(.isOn(node: node))
  }

  /// The viewer's namespace; a result that uses it holds for viewers of that namespace alone.
  package mutating func ownNamespace() -> String {
    _ = ask(.isOf(namespace: viewer.namespace))
    return viewer.namespace
  }

  /// Whether the viewer sees an object of `owner` that is exported to `targets`.
  ///
  /// `*` means everywhere, `.` the owner's namespace, `~` nowhere; an empty list means everywhere.
  package mutating func isVisible(exportedTo targets: [String], owner: String) -> Bool {
    if targets.isEmpty || targets.contains("*") { return true }
    for target in targets where target != "~" && isOwn(target == "." ? owner : target) {
      return true
    }
    return false
  }

  package mutating func isVisible(_ service: MeshService) -> Bool {
    isVisible(exportedTo: service.exportTo, owner: service.id.namespace)
  }

  private mutating func ask(_ question: Viewer.Question) -> Bool {
    if let known = answers[question] { return known }
    let answer = viewer.answer(question)
    answers[question] = answer
    return answer
  }

  // MARK: Services

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

  /// The services that have a port of this number, the oldest first; what else they declare may be
  /// read too.
  package mutating func services(onPort number: UInt32) -> [MeshService] {
    dependencies.insert(.servicesOnPort(number))
    return declared(snapshot.servicesOfPort[number])
  }

  /// The services that have this virtual address, the oldest first; what else they declare may be
  /// read too.
  package mutating func services(ofAddress address: String) -> [MeshService] {
    dependencies.insert(.servicesOfAddress(address))
    return declared(snapshot.servicesOfAddress[address])
  }

  private func declared(_ ids: TreeSet<ServiceID>?) -> [MeshService] {
    (ids ?? []).compactMap { snapshot.services[$0] }.sorted {
      ($0.creationTime, $0.hostname, $0.id.namespace)
        < ($1.creationTime, $1.hostname, $1.id.namespace)
    }
  }

  /// The other services that declare the host of a service that was read.
  ///
  /// Covered by the dependency on that service's port, address or host.
  package func siblings(of service: MeshService) -> [MeshService] {
    guard let ids = snapshot.servicesOfHost[service.hostname], ids.count > 1 else { return [] }
    return ids.filter { $0 != service.id }.compactMap { snapshot.services[$0] }
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

  /// The workload that an object declares, whether or not it has an address yet.
  package mutating func workload(_ key: ConfigKey) -> Workload? {
    dependencies.insert(.workloadOfObject(key))
    return snapshot.workloads[key]
  }

  package mutating func secret(_ key: ConfigKey) -> TLSSecret? {
    dependencies.insert(.secret(key))
    return snapshot.secrets[key]
  }

  // MARK: What there is

  /// Every host of a service or virtual service, every port and every address of a service.
  ///
  /// Not recorded: whoever enumerates follows ``SnapshotKey/servicesOfHost(_:)``,
  /// ``SnapshotKey/bindings(_:host:)``, ``SnapshotKey/servicesOnPort(_:)`` and
  /// ``SnapshotKey/servicesOfAddress(_:)``, whose keys name what appeared.
  package var names: (hosts: Set<String>, ports: [UInt32], addresses: [String]) {
    (
      Set(snapshot.servicesOfHost.keys).union(snapshot.virtualServices.byHost.keys),
      Array(snapshot.servicesOfPort.keys), Array(snapshot.servicesOfAddress.keys)
    )
  }

  /// Whether any service or virtual service declares `host`; not recorded.
  package func isDeclared(host: String) -> Bool {
    snapshot.servicesOfHost[host] != nil || snapshot.virtualServices.byHost[host] != nil
  }

  /// Whether any service has the port; not recorded.
  package func isDeclared(port: UInt32) -> Bool { snapshot.servicesOfPort[port] != nil }

  /// Whether any service has the address; not recorded.
  package func isDeclared(address: String) -> Bool { snapshot.servicesOfAddress[address] != nil }

  // MARK: Configuration

  /// Whether there is a service for which it matters on which node its callers are.
  package mutating func hasNodeAwareServices() -> Bool {
    dependencies.insert(.nodeAwareServices)
    return snapshot.nodeAwareServices > 0
  }

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

  /// Whether any virtual service is bound to any host.
  package mutating func hasVirtualServices() -> Bool {
    dependencies.insert(.presence(.virtualService))
    return !snapshot.virtualServices.byHost.isEmpty
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
