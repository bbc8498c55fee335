internal import HashTreeCollections
internal import IstioAPI

/// The virtual services that are bound to one gateway.
struct GatewayBindings: Sendable {
  var services: TreeSet<ConfigKey> = []
  /// Exact hosts and wildcards alike, as they are in full.
  var byHost: TreeDictionary<String, TreeSet<ConfigKey>> = [:]
  var wildcards: TreeSet<String> = []
}

/// A host that virtual services of a namespace claim on a gateway.
package struct HostClaim: Hashable, Sendable {
  /// The host in full.
  package var host: String
  package var namespace: String
  package var exportTo: [String]
}

extension MeshSnapshot {
  /// Keeps which virtual services are bound to which gateways, by the gateways' `namespace/name`.
  mutating func bindToGateways(
    _ old: Configuration<VirtualService>?, _ new: Configuration<VirtualService>?,
    _ changes: inout ChangeSet
  ) {
    guard old != new, let key = new?.key ?? old?.key else { return }
    let before = old.map(gatewayNames) ?? []
    let after = new.map(gatewayNames) ?? []
    let hostsBefore = old.map(fullHosts) ?? []
    let hostsAfter = new.map(fullHosts) ?? []
    let isExportedOtherwise = old?.spec.exportTo != new?.spec.exportTo
    for gateway in before.union(after) {
      let left = before.contains(gateway) ? hostsBefore : []
      let joined = after.contains(gateway) ? hostsAfter : []
      changes.insert(.boundToGateway(gateway))
      for host in left.union(joined) {
        changes.insert(.boundToGatewayHost(gateway: gateway, host: host))
      }
      guard left != joined || isExportedOtherwise else { continue }
      changes.insert(.hostsOfGateway(gateway))
      var bindings = gatewayBindings[gateway] ?? GatewayBindings()
      // Only here, so that the sets are changed in place.
      gatewayBindings[gateway] = nil
      if after.contains(gateway) {
        bindings.services.insert(key)
      } else {
        bindings.services.remove(key)
      }
      let known = bindings.wildcards
      for host in left.symmetricDifference(joined) {
        bindings.set(key, host: host, to: joined.contains(host))
      }
      if bindings.wildcards != known { changes.insert(.wildcardHostsOfGateway(gateway)) }
      if !bindings.services.isEmpty { gatewayBindings[gateway] = bindings }
    }
  }

  private func gatewayNames(_ service: Configuration<VirtualService>) -> Set<String> {
    var names: Set<String> = []
    for name in service.spec.gateways where name != "mesh" {
      names.insert(name.contains("/") ? name : "\(service.key.namespace)/\(name)")
    }
    return names
  }

  private func fullHosts(_ service: Configuration<VirtualService>) -> Set<String> {
    Set(
      service.spec.hosts.map {
        HostPattern.resolve($0, namespace: service.key.namespace, clusterDomain: clusterDomain)
      })
  }
}

extension GatewayBindings {
  fileprivate mutating func set(_ key: ConfigKey, host: String, to isBound: Bool) {
    var members = byHost[host] ?? []
    byHost[host] = nil
    if isBound { members.insert(key) } else { members.remove(key) }
    if !members.isEmpty { byHost[host] = members }
    guard HostPattern.isWildcard(host) else { return }
    if members.isEmpty { wildcards.remove(host) } else { wildcards.insert(host) }
  }
}
