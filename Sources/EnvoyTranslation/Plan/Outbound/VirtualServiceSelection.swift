internal import IstioAPI
internal import MeshModel

/// Finds the virtual service that shapes a host's traffic from a sidecar (contract §8.3).
enum VirtualServiceSelection {
  /// The one for `host`: the most specific, then the oldest that the proxy's namespace sees.
  static func forMesh(
    _ host: String, _ listeners: [EgressListener], _ reader: inout SnapshotReader
  ) -> Configuration<VirtualService>? {
    for service in reader.virtualServices(boundTo: host)
    where appliesToMesh(service) && isVisible(service, listeners, &reader) {
      return service
    }
    return nil
  }

  static func appliesToMesh(_ service: Configuration<VirtualService>) -> Bool {
    service.spec.gateways.isEmpty || service.spec.gateways.contains("mesh")
  }

  private static func isVisible(
    _ service: Configuration<VirtualService>, _ listeners: [EgressListener],
    _ reader: inout SnapshotReader
  ) -> Bool {
    let owner = service.key.namespace
    guard reader.isVisible(exportedTo: service.spec.exportTo, owner: owner) else { return false }
    for host in service.spec.hosts {
      let full = HostPattern.resolve(host, namespace: owner, clusterDomain: reader.clusterDomain)
      for rule in listeners.flatMap(\.imports)
      where rule.covers(host: full, namespace: owner, &reader) {
        return true
      }
    }
    return false
  }
}

/// Which of a route's conditions are decided at planning time.
struct RouteViewpoint {
  /// The labels that conditions select by; nil where the viewer's do.
  var labels: [String: String]?
  /// `mesh`, or `<namespace>/<name>` of a gateway.
  var gateways: Set<String>
  var port: UInt32
  /// The namespace that short gateway names in a virtual service mean.
  func names(_ list: [String], owner: String) -> Set<String> {
    Set(list.map { $0 == "mesh" || $0.contains("/") ? $0 : "\(owner)/\($0)" })
  }

  /// Whether requests seen from here can meet the condition.
  func allows(
    _ match: HTTPMatchRequest, owner: String, _ reader: inout SnapshotReader
  ) -> Bool {
    if let port = match.port, port != self.port { return false }
    if !match.gateways.isEmpty {
      return !names(match.gateways, owner: owner).isDisjoint(with: gateways)
    }
    let isSelected =
      labels?.isSelected(by: match.sourceLabels) ?? reader.isSelected(by: match.sourceLabels)
    return isSelected && (match.sourceNamespace.isEmpty || reader.isOwn(match.sourceNamespace))
  }
}
