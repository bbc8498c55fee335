internal import IstioAPI
internal import MeshModel
internal import XDSProtocol

/// Plans the endpoints of clusters (contract §5.8).
enum EndpointPlanner {
  /// The endpoints of a port and subset by locality, with priorities and weights for a proxy there.
  static func localities(
    _ plan: ClusterPlanner.Plan, locality: EndpointLocality, _ reader: inout SnapshotReader
  ) -> [LocalityEndpoints] {
    let policy = plan.policy
    let service = plan.service
    let selector = plan.subset?.labels ?? [:]
    var requirements: [Set<String>: WorkloadMutualTLS] = [:]
    let prefersNode = LocalityResolution.prefersNode(policy, service.distribution)
    var groups: [Place: [LocalityEndpoints.Endpoint]] = [:]
    for endpoint in reader.endpoints(service.id) {
      guard let port = endpoint.ports[plan.port.name], endpoint.labels.isSelected(by: selector),
        endpoint.health != .draining,
        !service.isNodeLocal || reader.isOn(node: endpoint.nodeName)
      else { continue }
      let acceptsMutualTLS = acceptsMutualTLS(
        endpoint, port, policy.tls, &requirements, &reader)
      let place = Place(
        isOnNode: prefersNode && reader.isOn(node: endpoint.nodeName), locality: endpoint.locality)
      groups[place, default: []].append(
        LocalityEndpoints.Endpoint(
          address: SocketAddress(endpoint: endpoint.address, port: port),
          weight: max(endpoint.weight, 1), health: endpoint.health,
          acceptsMutualTLS: acceptsMutualTLS,
          telemetry: plan.scope.carriesTelemetry ? telemetry(endpoint) : ""))
    }
    let sorted = groups.keys.sorted().map { place in
      var group = LocalityEndpoints(locality: place.locality, endpoints: groups[place] ?? [])
      group.isOnNode = place.isOnNode
      group.isMarkedAsWhole =
        plan.scope.marksLocalities && group.endpoints.allSatisfy(\.acceptsMutualTLS)
      return group
    }
    return LocalityResolution.apply(
      sorted, policy, service.distribution, reader.meshConfig(), proxy: locality)
  }

  /// Endpoints of one place are of one priority.
  private struct Place: Hashable, Comparable {
    var isOnNode: Bool
    var locality: EndpointLocality

    static func < (left: Place, right: Place) -> Bool {
      left.isOnNode == right.isOnNode ? left.locality < right.locality : left.isOnNode
    }
  }

  /// Whether the endpoint is to be reached by mutual TLS: a rule's mode decides, else the label and
  /// the workload's own policy.
  private static func acceptsMutualTLS(
    _ endpoint: MeshEndpoint, _ port: UInt32, _ tls: ClientTLSSettings?,
    _ requirements: inout [Set<String>: WorkloadMutualTLS], _ reader: inout SnapshotReader
  ) -> Bool {
    if let tls { return tls.mode == .istioMutual }
    guard endpoint.acceptsMutualTLS else { return false }
    let key = Set(endpoint.labels.map { "\($0)=\($1)" } + [endpoint.namespace])
    let requirement =
      requirements[key]
      ?? PeerAuthenticationResolution.workload(
        namespace: endpoint.namespace, labels: endpoint.labels, &reader)
    requirements[key] = requirement
    return requirement[port] != .disable
  }

  private static func telemetry(_ endpoint: MeshEndpoint) -> String {
    guard !endpoint.workloadName.isEmpty else { return "" }
    let labels = endpoint.labels
    let name =
      labels["service.istio.io/canonical-name"] ?? labels["app.kubernetes.io/name"]
      ?? labels["app"] ?? endpoint.workloadName
    let revision =
      labels["service.istio.io/canonical-revision"] ?? labels["app.kubernetes.io/version"]
      ?? labels["version"] ?? ""
    return [
      endpoint.workloadName, endpoint.namespace, name, revision == "latest" ? "" : revision,
      endpoint.clusterID,
    ].joined(separator: ";")
  }
}
