internal import HashTreeCollections

extension MeshSnapshot {
  /// How many entries each index has, members of its lists included.
  ///
  /// A mesh that is again what it was has as many as it had, but for secrets: deleted ones are
  /// remembered, at most a thousand, and counted as `withdrawnSecrets`.
  package var indexSizes: [String: Int] {
    [
      "services": services.count, "servicesOfHost": Self.size(servicesOfHost),
      "servicesOfPort": Self.size(servicesOfPort),
      "servicesOfAddress": Self.size(servicesOfAddress),
      "servicesOfNamespace": Self.size(servicesOfNamespace), "endpoints": Self.size(endpoints),
      "serviceAccounts": Self.size(serviceAccounts), "workloads": workloads.count,
      "workloadsOfAddress": Self.size(workloadsOfAddress),
      "virtualServices": Self.size(virtualServices),
      "destinationRules": Self.size(destinationRules), "selectorLabels": selectorLabels.count,
      "gateways": Self.size(gateways), "sidecars": Self.size(sidecars),
      "peerAuthentications": Self.size(peerAuthentications),
      "retiringPeerAuthentications": retiringPeerAuthentications.count,
      "secrets": secrets.count - withdrawnSecrets.count,
      "withdrawnSecrets": withdrawnSecrets.count,
    ]
  }

  private static func size<Key, Members: Collection>(
    _ index: TreeDictionary<Key, Members>
  ) -> Int {
    index.values.reduce(index.count) { $0 + $1.count }
  }

  private static func size<Spec>(_ index: BoundConfigurations<Spec>) -> Int {
    index.byKey.count + size(index.byHost) + index.wildcards.count
  }
}
