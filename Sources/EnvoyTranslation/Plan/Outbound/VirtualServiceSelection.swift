internal import IstioAPI
internal import MeshModel

/// Finds the virtual service that shapes a host's traffic from a sidecar (contract §8.3).
enum VirtualServiceSelection {
  /// The one for `host`: the most specific, then the oldest that the proxy's namespace sees.
  static func forMesh(
    _ host: String, _ scope: OutboundScope, _ listeners: [EgressListener],
    _ reader: inout SnapshotReader
  ) -> Configuration<VirtualService>? {
    reader.virtualServices(boundTo: host).first {
      appliesToMesh($0) && isVisible($0, scope, listeners, domain: reader.clusterDomain)
    }
  }

  static func appliesToMesh(_ service: Configuration<VirtualService>) -> Bool {
    service.spec.gateways.isEmpty || service.spec.gateways.contains("mesh")
  }

  static func isVisible(
    _ service: Configuration<VirtualService>, _ scope: OutboundScope,
    _ listeners: [EgressListener], domain: String
  ) -> Bool {
    let owner = service.key.namespace
    guard Visibility.allows(service.spec.exportTo, owner: owner, viewer: scope.namespace) else {
      return false
    }
    let hosts = service.spec.hosts.map {
      HostPattern.resolve($0, namespace: owner, clusterDomain: domain)
    }
    return listeners.contains { listener in
      listener.imports.contains { rule in
        hosts.contains { rule.covers(host: $0, namespace: owner, from: scope.namespace) }
      }
    }
  }
}

/// Which of a route's conditions are decided at planning time.
struct RouteViewpoint {
  var namespace: String
  var labels: [String: String]
  /// `mesh`, or `<namespace>/<name>` of a gateway.
  var gateways: Set<String>
  var port: UInt32
  /// The namespace that short gateway names in a virtual service mean.
  func names(_ list: [String], owner: String) -> Set<String> {
    Set(list.map { $0 == "mesh" || $0.contains("/") ? $0 : "\(owner)/\($0)" })
  }

  /// Whether requests seen from here can meet the condition.
  func allows(_ match: HTTPMatchRequest, owner: String) -> Bool {
    if let port = match.port, port != self.port { return false }
    if !match.gateways.isEmpty {
      return !names(match.gateways, owner: owner).isDisjoint(with: gateways)
    }
    return labels.isSelected(by: match.sourceLabels)
      && (match.sourceNamespace.isEmpty || match.sourceNamespace == namespace)
  }
}
