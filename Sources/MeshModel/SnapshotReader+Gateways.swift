internal import HashTreeCollections
package import IstioAPI

extension SnapshotReader {
  /// The virtual services that are bound to a gateway, by its `namespace/name`, the oldest first.
  package mutating func virtualServices(
    ofGateway gateway: String
  ) -> [Configuration<VirtualService>] {
    record(.boundToGateway(gateway))
    return configurations(snapshot.gatewayBindings[gateway]?.services)
      .sorted(by: Configuration.precedes)
  }

  /// The virtual services that are bound to a gateway and name `host` just so, in no order.
  package mutating func virtualServices(
    ofGateway gateway: String, host: String
  ) -> [Configuration<VirtualService>] {
    record(.boundToGatewayHost(gateway: gateway, host: host))
    return configurations(snapshot.gatewayBindings[gateway]?.byHost[host])
  }

  /// The wildcards that virtual services name on a gateway.
  package mutating func wildcardHosts(ofGateway gateway: String) -> [String] {
    record(.wildcardHostsOfGateway(gateway))
    return snapshot.gatewayBindings[gateway]?.wildcards.map { $0 } ?? []
  }

  /// The hosts that virtual services claim on a gateway.
  package mutating func hosts(ofGateway gateway: String) -> Set<HostClaim> {
    record(.hostsOfGateway(gateway))
    var claims: Set<HostClaim> = []
    for (host, keys) in snapshot.gatewayBindings[gateway]?.byHost ?? [:] {
      for service in configurations(keys) {
        claims.insert(
          HostClaim(
            host: host, namespace: service.key.namespace, exportTo: service.spec.exportTo))
      }
    }
    return claims
  }

  private func configurations(_ keys: TreeSet<ConfigKey>?) -> [Configuration<VirtualService>] {
    keys?.compactMap { snapshot.virtualServices.byKey[$0] } ?? []
  }
}

/// Everything of a kind in Istio's order, for reports; nothing is recorded.
extension SnapshotReader {
  package var everyVirtualService: [Configuration<VirtualService>] {
    snapshot.virtualServices.byKey.values.sorted(by: Configuration.precedes)
  }

  package var everyDestinationRule: [Configuration<DestinationRule>] {
    snapshot.destinationRules.byKey.values.sorted(by: Configuration.precedes)
  }

  package var everyGateway: [Configuration<Gateway>] { snapshot.gatewaysInOrder }
}
