internal import IstioAPI
internal import MeshModel

/// Preference for near endpoints (contract §5.6).
enum LocalityResolution {
  /// The setting in force; nil where locality plays no part.
  private static func setting(
    _ policy: EffectivePolicy, _ mesh: MeshConfig
  ) -> LocalityLoadBalancerSetting? {
    let own = policy.loadBalancer?.localityLbSetting
    if own?.enabled == false { return nil }
    if own == nil, mesh.localityLbSetting.enabled == false { return nil }
    return own ?? mesh.localityLbSetting
  }

  /// Whether Envoy has to weigh localities as the control plane says.
  static func isWeighted(_ policy: EffectivePolicy, _ mesh: MeshConfig) -> Bool {
    guard let setting = setting(policy, mesh) else { return false }
    if !setting.distribute.isEmpty { return true }
    return policy.outlierDetection != nil
      && (!setting.failover.isEmpty || !setting.failoverPriority.isEmpty)
  }

  /// Whether the endpoints of the proxy's own node come before those of its locality.
  static func prefersNode(
    _ policy: EffectivePolicy, _ distribution: TrafficDistribution?
  ) -> Bool {
    distribution == .preferSameNode && policy.loadBalancer?.localityLbSetting == nil
  }

  /// Gives localities the weights or priorities that a proxy at `proxy` uses.
  static func apply(
    _ localities: [LocalityEndpoints], _ policy: EffectivePolicy,
    _ distribution: TrafficDistribution?, _ mesh: MeshConfig, proxy: EndpointLocality
  ) -> [LocalityEndpoints] {
    // A rule of the user's comes before the service's own wish, which comes before the mesh's.
    if prefersNode(policy, distribution) { return nodeFirst(localities, proxy) }
    if policy.loadBalancer?.localityLbSetting == nil, distribution != nil,
      proxy != EndpointLocality()
    {
      return zoneFirst(localities, proxy)
    }
    guard proxy != EndpointLocality(), let setting = setting(policy, mesh) else {
      return localities
    }
    if !setting.distribute.isEmpty { return distribute(localities, setting, proxy) }
    guard policy.outlierDetection != nil else { return localities }
    return failover(localities, setting, proxy)
  }

  private static func distribute(
    _ localities: [LocalityEndpoints], _ setting: LocalityLoadBalancerSetting,
    _ proxy: EndpointLocality
  ) -> [LocalityEndpoints] {
    guard let rule = setting.distribute.first(where: { matches($0.from, proxy) }) else {
      return localities
    }
    var result = localities
    var reached: Set<Int> = []
    for (pattern, percent) in rule.to.sorted(by: { $0.key < $1.key }) {
      let indices = localities.indices.filter { matches(pattern, localities[$0].locality) }
      let total = indices.reduce(UInt64(0)) { $0 + weight(localities[$1]) }
      for index in indices where total > 0 && reached.insert(index).inserted {
        let share = UInt64(min(percent, 100)) * weight(localities[index])
        result[index].weight = UInt32(clamping: (share + total - 1) / total)
      }
    }
    for index in result.indices where !reached.contains(index) {
      result[index].endpoints = []
      result[index].weight = nil
    }
    return result
  }

  private static func failover(
    _ localities: [LocalityEndpoints], _ setting: LocalityLoadBalancerSetting,
    _ proxy: EndpointLocality
  ) -> [LocalityEndpoints] {
    let target = setting.failover.first { $0.from == proxy.region }?.to
    return prioritized(localities) { priority($0.locality, proxy, target: target) }
  }

  /// The zone's endpoints, then the region's, then all others, whether or not any is ejected.
  private static func zoneFirst(
    _ localities: [LocalityEndpoints], _ proxy: EndpointLocality
  ) -> [LocalityEndpoints] {
    prioritized(localities) { group in
      group.locality.region != proxy.region ? 2 : group.locality.zone != proxy.zone ? 1 : 0
    }
  }

  /// The node's endpoints, then the subzone's, the zone's, the region's, and all others.
  private static func nodeFirst(
    _ localities: [LocalityEndpoints], _ proxy: EndpointLocality
  ) -> [LocalityEndpoints] {
    prioritized(localities) { group in
      group.isOnNode ? 0 : 1 + priority(group.locality, proxy, target: nil)
    }
  }

  /// Gives each group the priority of its rank, without gaps.
  private static func prioritized(
    _ localities: [LocalityEndpoints], by rank: (LocalityEndpoints) -> Int
  ) -> [LocalityEndpoints] {
    let ranked = localities.map(rank)
    let ranks = Set(ranked).sorted()
    return zip(localities, ranked).map { group, rank in
      var group = group
      group.priority = UInt32(clamping: ranks.firstIndex(of: rank) ?? 0)
      return group
    }
  }

  private static func priority(
    _ locality: EndpointLocality, _ proxy: EndpointLocality, target: String?
  ) -> Int {
    guard locality.region == proxy.region else {
      guard let target else { return 3 }
      return locality.region == target ? 3 : 4
    }
    guard locality.zone == proxy.zone else { return 2 }
    return locality.subZone == proxy.subZone ? 0 : 1
  }

  private static func weight(_ group: LocalityEndpoints) -> UInt64 {
    group.endpoints.reduce(0) { $0 + UInt64($1.weight) }
  }

  /// Whether `pattern`, such as `region/zone/*`, covers the locality.
  private static func matches(_ pattern: String, _ locality: EndpointLocality) -> Bool {
    let wanted = pattern.split(separator: "/").map(String.init)
    let actual = [locality.region, locality.zone, locality.subZone]
    for (index, part) in wanted.enumerated() {
      if part == "*" { return true }
      guard index < actual.count, actual[index] == part else { return false }
    }
    return true
  }
}
