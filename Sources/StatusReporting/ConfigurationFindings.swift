internal import IstioAPI
package import MeshModel

/// What valid objects do not achieve: they name what does not exist, or another object stands before them.
package struct ConfigurationFindings: Sendable {
  /// The conditions by object.
  package private(set) var conditions: [ConfigKey: [ObjectCondition]] = [:]

  /// The findings of a mesh.
  package init(_ snapshot: MeshSnapshot) {
    let reader = SnapshotReader(snapshot, viewer: Viewer(namespace: ""))
    let rules = reader.everyDestinationRule
    let subsets = Subsets(rules, clusterDomain: reader.clusterDomain)
    let gateways = Set(reader.everyGateway.map { "\($0.key.namespace)/\($0.key.name)" })
    let routes = reader.everyVirtualService
    for route in routes {
      find(
        route.key,
        missing(route, reader) + missingGateways(route, gateways) + subsets.missing(route))
    }
    for rule in rules {
      let host = Self.host(rule.spec.host, in: rule.key.namespace, reader.clusterDomain)
      if !HostPattern.isWildcard(host), !reader.isDeclared(host: host) {
        find(rule.key, ["spec.host: there is no host \(host)"])
      }
    }
    findShadowed(routes, reader.clusterDomain)
  }

  private mutating func find(_ key: ConfigKey, _ missing: [String]) {
    guard !missing.isEmpty else { return }
    conditions[key, default: []].append(
      ObjectCondition(
        .referencesResolved, false, reason: "NotFound",
        message: missing.prefix(10).joined(separator: "; ")))
  }

  private func missing(
    _ route: Configuration<VirtualService>, _ reader: borrowing SnapshotReader
  ) -> [String] {
    var hosts: [String] = []
    for destination in route.spec.everyDestination {
      let host = Self.host(destination.host, in: route.key.namespace, reader.clusterDomain)
      if !host.isEmpty, !reader.isDeclared(host: host), !hosts.contains(host) { hosts.append(host) }
    }
    return hosts.map { "there is no host \($0) for a destination" }
  }

  private func missingGateways(
    _ route: Configuration<VirtualService>, _ gateways: Set<String>
  ) -> [String] {
    route.spec.gateways.compactMap { name in
      guard name != "mesh" else { return nil }
      let full = name.contains("/") ? name : "\(route.key.namespace)/\(name)"
      return gateways.contains(full) ? nil : "spec.gateways: there is no Gateway \(full)"
    }
  }

  /// Of two virtual services for one host of sidecars the older one counts where both are seen.
  private mutating func findShadowed(
    _ routes: [Configuration<VirtualService>], _ clusterDomain: String
  ) {
    var owners: [String: Configuration<VirtualService>] = [:]
    for route in routes where route.spec.gateways.isEmpty || route.spec.gateways.contains("mesh") {
      let isEverywhere = route.spec.exportTo.isEmpty || route.spec.exportTo.contains("*")
      guard isEverywhere else { continue }
      let hosts = route.spec.hosts.map { Self.host($0, in: route.key.namespace, clusterDomain) }
      var taken: [String] = []
      for host in hosts {
        if let winner = owners[host] {
          taken.append("\(host) is \(winner.key)'s, which is older")
        } else {
          owners[host] = route
        }
      }
      guard !taken.isEmpty else { continue }
      conditions[route.key, default: []].append(
        ObjectCondition(
          .shadowed, taken.count == hosts.count,
          reason: taken.count == hosts.count ? "OlderObjectWins" : "PartlyShadowed",
          message: taken.prefix(10).joined(separator: "; ")))
    }
  }

  fileprivate static func host(_ name: String, in namespace: String, _ domain: String) -> String {
    name.isEmpty || name.contains(".") || name.contains("*")
      ? name.lowercased() : "\(name).\(namespace).svc.\(domain)".lowercased()
  }
}

/// The subsets that destination rules declare.
private struct Subsets {
  private var names: [String: Set<String>] = [:]
  private let clusterDomain: String

  init(_ rules: [Configuration<DestinationRule>], clusterDomain: String) {
    self.clusterDomain = clusterDomain
    for rule in rules {
      let host = ConfigurationFindings.host(rule.spec.host, in: rule.key.namespace, clusterDomain)
      names[host, default: []].formUnion(rule.spec.subsets.map(\.name))
    }
  }

  func missing(_ route: Configuration<VirtualService>) -> [String] {
    var found: [String] = []
    for destination in route.spec.everyDestination where !destination.subset.isEmpty {
      let host = ConfigurationFindings.host(
        destination.host, in: route.key.namespace, clusterDomain)
      guard names[host]?.contains(destination.subset) != true else { continue }
      let text = "no DestinationRule for \(host) has the subset \(destination.subset)"
      if !found.contains(text) { found.append(text) }
    }
    return found
  }
}

extension VirtualService {
  /// Every destination that a route or a mirror names.
  fileprivate var everyDestination: [Destination] {
    var found: [Destination] = []
    for route in http {
      found += route.route.compactMap(\.destination)
      found += route.mirrors.compactMap(\.destination)
      if let mirror = route.mirror { found.append(mirror) }
    }
    for route in tcp { found += route.route.compactMap(\.destination) }
    for route in tls { found += route.route.compactMap(\.destination) }
    return found
  }
}
