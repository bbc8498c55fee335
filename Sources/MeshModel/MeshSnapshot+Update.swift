internal import HashTreeCollections
internal import IstioAPI

extension MeshSnapshot {
  /// Applies updates in their order and answers which parts changed; equal values change nothing.
  package mutating func apply(_ updates: [MeshUpdate]) -> ChangeSet {
    var changes: ChangeSet = []
    for update in updates { apply(update, &changes) }
    if !changes.isEmpty { revision &+= 1 }
    if changes.contains(where: \.isConfiguration) { configurationRevision &+= 1 }
    return changes
  }

  private mutating func apply(_ update: MeshUpdate, _ changes: inout ChangeSet) {
    switch update {
    case .service(let id, let service): set(id, service, &changes)
    case .endpoints(let id, let endpoints): set(id, endpoints, &changes)
    case .workload(let key, let workload): set(key, workload, &changes)
    case .virtualService(let key, let new):
      count(
        virtualServices.byKey[key]?.spec.selectorKeys ?? [], new?.spec.selectorKeys ?? [], &changes)
      bindToGateways(virtualServices.byKey[key], new, &changes)
      let domain = clusterDomain
      virtualServices.set(key, new, kind: .virtualService, &changes) { configuration in
        configuration.spec.hosts.map {
          HostPattern.resolve(
            $0, namespace: configuration.key.namespace, clusterDomain: domain)
        }
      }
    case .destinationRule(let key, let new):
      count(
        destinationRules.byKey[key]?.spec.selectorKeys ?? [], new?.spec.selectorKeys ?? [], &changes
      )
      let domain = clusterDomain
      destinationRules.set(key, new, kind: .destinationRule, &changes) { configuration in
        [
          HostPattern.resolve(
            configuration.spec.host, namespace: configuration.key.namespace, clusterDomain: domain)
        ]
      }
    case .gateway(let key, let new): gateways.set(key, new, &changes)
    case .sidecar(let key, let new): sidecars.set(key, new, &changes)
    case .peerAuthentication(let key, let new):
      guard peerAuthentications[key.namespace]?.first(where: { $0.key == key }) != new else {
        return
      }
      keepPeerAuthentications(of: key.namespace, &changes)
      peerAuthentications.set(key, new, &changes)
    case .secret(let key, let new): set(key, new, &changes)
    case .meshConfig(let new):
      guard meshConfig != new else { return }
      meshConfig = new
      changes.insert(.meshConfig)
    }
  }

  private mutating func count(
    _ old: Set<String>, _ new: Set<String>, _ changes: inout ChangeSet
  ) {
    guard old != new else { return }
    let before = selectorLabels.count
    for key in new.subtracting(old) { selectorLabels[key, default: 0] += 1 }
    for key in old.subtracting(new) {
      let count = (selectorLabels[key] ?? 0) - 1
      selectorLabels[key] = count > 0 ? count : nil
    }
    if before != selectorLabels.count || !old.isEmpty { changes.insert(.selectorLabels) }
  }

  private mutating func set(_ id: ServiceID, _ new: MeshService?, _ changes: inout ChangeSet) {
    let old = services[id]
    guard old != new else { return }
    services[id] = new
    changes.insert(.service(id))
    changes.insert(.servicesOfNamespace(id.namespace))
    let nodeAware = (nodeAwareServices, nodeAwareServices + change(of: \.isNodeAware, old, new))
    nodeAwareServices = nodeAware.1
    if (nodeAware.0 > 0) != (nodeAware.1 > 0) { changes.insert(.nodeAwareServices) }
    index(id, old, new)
    if (old == nil) != (new == nil) {
      changes.insert(.servicesOfHost(id.hostname))
      servicesOfHost.toggle(id.hostname, id)
      servicesOfNamespace.toggle(id.namespace, id)
    }
    // Of services of one host one stands before the others, wherever those are found.
    let siblings = (servicesOfHost[id.hostname] ?? []).compactMap { services[$0] }
    for service in siblings + [old, new].compactMap({ $0 }) {
      for port in service.ports { changes.insert(.servicesOnPort(port.number)) }
      for address in service.addresses { changes.insert(.servicesOfAddress(address)) }
    }
  }

  /// By how much the number of services with a quality changes.
  private func change(
    of quality: KeyPath<MeshService, Bool>, _ old: MeshService?, _ new: MeshService?
  ) -> Int {
    (new?[keyPath: quality] == true ? 1 : 0) - (old?[keyPath: quality] == true ? 1 : 0)
  }

  /// The addresses that are not ranges.
  private static func single(_ addresses: [String]) -> Set<String> {
    Set(addresses.filter { !$0.contains("/") })
  }

  /// Keeps the services of ports and addresses.
  private mutating func index(_ id: ServiceID, _ old: MeshService?, _ new: MeshService?) {
    let ports = (Set(old?.ports.map(\.number) ?? []), Set(new?.ports.map(\.number) ?? []))
    for port in ports.0.symmetricDifference(ports.1) {
      servicesOfPort.set(id, in: port, to: ports.1.contains(port))
    }
    let addresses = (Self.single(old?.addresses ?? []), Self.single(new?.addresses ?? []))
    for address in addresses.0.symmetricDifference(addresses.1) {
      servicesOfAddress.set(id, in: address, to: addresses.1.contains(address))
    }
  }

  private mutating func set(_ id: ServiceID, _ new: [MeshEndpoint], _ changes: inout ChangeSet) {
    let old = endpoints[id] ?? []
    guard old != new else { return }
    endpoints[id] = new.isEmpty ? nil : new
    changes.insert(.endpoints(id))
    let accounts = Set(
      new.filter { !$0.serviceAccount.isEmpty }.map { "\($0.namespace)/\($0.serviceAccount)" }
    ).sorted()
    if serviceAccounts[id] ?? [] != accounts {
      serviceAccounts[id] = accounts.isEmpty ? nil : accounts
      changes.insert(.serviceAccounts(id))
    }
  }

  /// How many deleted secrets are remembered.
  private static let withdrawnSecretLimit = 1000

  private mutating func set(
    _ key: ConfigKey, _ new: TLSSecret.Contents?, _ changes: inout ChangeSet
  ) {
    let old = secrets[key]
    let state = new.map { TLSSecret.held($0) } ?? (old == nil ? nil : .withdrawn)
    guard old != state else { return }
    secrets[key] = state
    changes.insert(.secret(key))
    withdrawnSecrets.removeAll { $0 == key }
    guard state == .withdrawn else { return }
    withdrawnSecrets.append(key)
    guard withdrawnSecrets.count > Self.withdrawnSecretLimit else { return }
    let forgotten = withdrawnSecrets.removeFirst()
    secrets[forgotten] = nil
    changes.insert(.secret(forgotten))
  }

  private mutating func set(_ key: ConfigKey, _ new: Workload?, _ changes: inout ChangeSet) {
    let old = workloads[key]
    guard old != new else { return }
    workloads[key] = new
    changes.insert(.workloadOfObject(key))
    for address in old?.addresses ?? [] {
      workloadsOfAddress.toggle(address, key)
      changes.insert(.workload(address: address))
    }
    for address in new?.addresses ?? [] {
      workloadsOfAddress.toggle(address, key)
      changes.insert(.workload(address: address))
    }
  }
}

extension TreeDictionary where Value == TreeSet<ServiceID> {
  /// Puts `id` into the set of `key`, or takes it out.
  fileprivate mutating func set(_ id: ServiceID, in key: Key, to isMember: Bool) {
    var members = self[key] ?? []
    if isMember { members.insert(id) } else { members.remove(id) }
    self[key] = members.isEmpty ? nil : members
  }
}

extension TreeDictionary where Key == String {
  /// Adds `element` to the sorted list of `key`, or takes it out.
  fileprivate mutating func toggle<Element: Comparable>(_ key: String, _ element: Element)
  where Value == [Element] {
    var list = self[key] ?? []
    var (low, high) = (0, list.count)
    while low < high {
      let middle = (low + high) / 2
      if list[middle] < element { low = middle + 1 } else { high = middle }
    }
    if low < list.count, list[low] == element {
      list.remove(at: low)
    } else {
      list.insert(element, at: low)
    }
    self[key] = list.isEmpty ? nil : list
  }

  fileprivate mutating func set<Spec>(
    _ key: ConfigKey, _ new: Configuration<Spec>?, _ changes: inout ChangeSet
  ) where Value == [Configuration<Spec>] {
    var list = self[key.namespace] ?? []
    let index = list.firstIndex { $0.key == key }
    guard index.map({ list[$0] }) != new else { return }
    if let index { list.remove(at: index) }
    if let new { list.append(new) }
    list.sort(by: Configuration<Spec>.precedes)
    self[key.namespace] = list.isEmpty ? nil : list
    changes.insert(.namespace(key.kind, key.namespace))
    changes.insert(.all(key.kind))
  }
}

extension BoundConfigurations {
  fileprivate mutating func set(
    _ key: ConfigKey, _ new: Configuration<Spec>?, kind: ConfigKind, _ changes: inout ChangeSet,
    hosts: (Configuration<Spec>) -> [String]
  ) {
    let old = byKey[key]
    guard old != new else { return }
    byKey[key] = new
    changes.insert(.all(kind))
    changes.insert(.namespace(kind, key.namespace))
    let before = Set(old.map(hosts) ?? [])
    let after = Set(new.map(hosts) ?? [])
    let wasEmpty = byHost.isEmpty
    for host in before.union(after) {
      var list = (byHost[host] ?? []).filter { $0.key != key }
      if let new, after.contains(host) {
        list.append(new)
        list.sort(by: Configuration<Spec>.precedes)
      }
      byHost[host] = list.isEmpty ? nil : list
      changes.insert(.bindings(kind, host: host))
      if HostPattern.isWildcard(host) { changes.insert(.wildcardBindings(kind)) }
    }
    if wasEmpty != byHost.isEmpty { changes.insert(.presence(kind)) }
    if before != after {
      let touched = before.union(after).filter(HostPattern.isWildcard)
      wildcards.removeAll { touched.contains($0) }
      wildcards += touched.filter { byHost[$0] != nil }
      wildcards.sort()
    }
  }
}

extension VirtualService {
  fileprivate var selectorKeys: Set<String> {
    var keys: Set<String> = []
    for match in http.flatMap(\.match) { keys.formUnion(match.sourceLabels.keys) }
    for match in tcp.flatMap(\.match) { keys.formUnion(match.sourceLabels.keys) }
    for match in tls.flatMap(\.match) { keys.formUnion(match.sourceLabels.keys) }
    return keys
  }
}

extension DestinationRule {
  fileprivate var selectorKeys: Set<String> {
    Set(workloadSelector?.matchLabels.keys.map { $0 } ?? [])
  }
}
