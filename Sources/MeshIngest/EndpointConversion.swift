internal import KubernetesAPI
internal import MeshModel

/// EndpointSlices joined with the pods behind them.
struct EndpointConversion {
  var pods: [ObjectKey: IngestState.Entry<Pod>]
  var podsOfAddress: [String: Set<ObjectKey>]
  var nodes: [String: EndpointLocality]
  var clusterID: String

  func endpoints(
    _ slice: IngestState.Entry<EndpointSlice>, publishesNotReady: Bool
  ) -> [MeshEndpoint] {
    let ports = Dictionary(
      slice.value.ports.compactMap { port in
        port.port.flatMap { UInt32(exactly: $0) }.map { (port.name, $0) }
      }, uniquingKeysWith: { first, _ in first })
    guard !ports.isEmpty else { return [] }
    var endpoints: [MeshEndpoint] = []
    for endpoint in slice.value.endpoints {
      guard let health = health(endpoint.conditions, publishesNotReady) else { continue }
      for address in endpoint.addresses {
        endpoints.append(
          self.endpoint(endpoint, address, ports, health, slice.metadata.namespace))
      }
    }
    return endpoints
  }

  /// Ready unless said otherwise; what still serves while it ends is draining.
  private func health(
    _ conditions: EndpointConditions, _ publishesNotReady: Bool
  ) -> EndpointHealth? {
    if publishesNotReady || conditions.ready ?? true { return .healthy }
    if conditions.terminating == true { return conditions.serving == true ? .draining : nil }
    return .unhealthy
  }

  private func endpoint(
    _ endpoint: Endpoint, _ address: String, _ ports: [String: UInt32], _ health: EndpointHealth,
    _ namespace: String
  ) -> MeshEndpoint {
    let pod = pod(endpoint, address, namespace)
    let nodeName = endpoint.nodeName.isEmpty ? pod?.value.nodeName ?? "" : endpoint.nodeName
    let locality =
      pod.map { WorkloadConversion.locality($0.metadata, nodeName: nodeName, nodes: nodes) }
      ?? nodes[nodeName] ?? EndpointLocality(zone: endpoint.zone)
    let labels = pod?.metadata.labels ?? [:]
    return MeshEndpoint(
      address: address, ports: ports, health: health, locality: locality, labels: labels,
      namespace: namespace,
      serviceAccount: pod.map {
        $0.value.serviceAccountName.isEmpty ? "default" : $0.value.serviceAccountName
      } ?? "",
      acceptsMutualTLS: labels[WorkloadConversion.tlsModeLabel] == "istio",
      workloadName: pod.map { WorkloadConversion.ownerName($0.metadata) } ?? "",
      nodeName: nodeName, clusterID: clusterID)
  }

  private func pod(
    _ endpoint: Endpoint, _ address: String, _ namespace: String
  ) -> IngestState.Entry<Pod>? {
    if let target = endpoint.targetRef, target.kind == "Pod" {
      let owner = target.namespace.isEmpty ? namespace : target.namespace
      return pods[ObjectKey(namespace: owner, name: target.name)]
    }
    return podsOfAddress[address]?.sorted().lazy.compactMap { pods[$0] }
      .first { !$0.value.hostNetwork }
  }
}
