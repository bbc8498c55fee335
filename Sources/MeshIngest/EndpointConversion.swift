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
  ) -> SliceEndpoints {
    let ports = Dictionary(
      slice.value.ports.compactMap { port in
        port.port.flatMap { UInt32(exactly: $0) }.map { (port.name, $0) }
      }, uniquingKeysWith: { first, _ in first })
    guard !ports.isEmpty else { return SliceEndpoints() }
    var result = SliceEndpoints()
    for endpoint in slice.value.endpoints {
      guard let health = health(endpoint.conditions, publishesNotReady) else { continue }
      switch podState(endpoint, slice.metadata.namespace) {
      case .known: break
      case .unknown:
        result.hasUnknownPods = true
        continue
      case .replaced: continue
      }
      for address in endpoint.addresses {
        result.endpoints.append(
          self.endpoint(endpoint, address, ports, health, slice.metadata.namespace))
      }
    }
    return result
  }

  private enum PodState {
    case known
    case unknown
    /// There is another pod of that name.
    case replaced
  }

  /// How it stands with the pod that an endpoint names.
  ///
  /// Slices and pods come by different watches: without its pod nobody knows whether an endpoint speaks
  /// mutual TLS. It counts when the pod comes.
  private func podState(_ endpoint: Endpoint, _ namespace: String) -> PodState {
    guard let target = endpoint.targetRef, target.kind == "Pod" else { return .known }
    let owner = target.namespace.isEmpty ? namespace : target.namespace
    guard let pod = pods[ObjectKey(namespace: owner, name: target.name)] else { return .unknown }
    let isSame =
      target.uid.isEmpty || pod.metadata.uid.isEmpty || target.uid == pod.metadata.uid
    return isSame ? .known : .replaced
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

/// The endpoints of a slice.
struct SliceEndpoints {
  var endpoints: [MeshEndpoint] = []
  /// Whether some are left out until their pods are known.
  var hasUnknownPods = false
}
