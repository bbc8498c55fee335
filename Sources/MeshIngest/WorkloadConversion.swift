internal import IstioAPI
internal import KubernetesAPI
internal import MeshModel

/// Pods and workload entries as workloads of the mesh.
enum WorkloadConversion {
  static let tlsModeLabel = "security.istio.io/tlsMode"

  /// The locality of a node's labels (<https://kubernetes.io/docs/reference/labels-annotations-taints/>).
  static func locality(of labels: [String: String]) -> EndpointLocality {
    EndpointLocality(
      region: labels["topology.kubernetes.io/region"]
        ?? labels["failure-domain.beta.kubernetes.io/region"] ?? "",
      zone: labels["topology.kubernetes.io/zone"]
        ?? labels["failure-domain.beta.kubernetes.io/zone"] ?? "",
      subZone: labels["topology.istio.io/subzone"] ?? "")
  }

  static func workload(
    _ metadata: ObjectMeta, _ pod: Pod, nodes: [String: EndpointLocality]
  ) -> Workload? {
    // A pod that ended gives its address back. One that starts has none yet, and its proxy may be faster.
    guard pod.phase != "Succeeded", pod.phase != "Failed" else { return nil }
    var ports: [String: UInt32] = [:]
    for port in pod.containers.flatMap(\.ports) where !port.name.isEmpty {
      guard let number = UInt32(exactly: port.containerPort) else { continue }
      if ports[port.name] == nil { ports[port.name] = number }
    }
    return Workload(
      origin: ConfigKey(.pod, namespace: metadata.namespace, name: metadata.name),
      addresses: Set([pod.podIP] + pod.podIPs).filter { !$0.isEmpty }.sorted(),
      labels: metadata.labels,
      serviceAccount: pod.serviceAccountName.isEmpty ? "default" : pod.serviceAccountName,
      locality: locality(metadata, nodeName: pod.nodeName, nodes: nodes), nodeName: pod.nodeName,
      namedPorts: ports)
  }

  static func workload(_ metadata: ObjectMeta, _ entry: WorkloadEntry) -> Workload {
    Workload(
      origin: ConfigKey(.workloadEntry, namespace: metadata.namespace, name: metadata.name),
      addresses: [entry.address], labels: metadata.labels.merging(entry.labels) { $1 },
      serviceAccount: entry.serviceAccount, locality: EndpointLocality(entry.locality))
  }

  /// A label of the pod decides before its node does.
  static func locality(
    _ metadata: ObjectMeta, nodeName: String, nodes: [String: EndpointLocality]
  ) -> EndpointLocality {
    if let label = metadata.labels["topology.istio.io/locality"]
      ?? metadata.labels["istio-locality"]
    {
      return EndpointLocality(label.split(separator: ".").joined(separator: "/"))
    }
    return nodes[nodeName] ?? EndpointLocality()
  }

  /// The name of what owns the pod, as telemetry reports it: of a ReplicaSet its Deployment.
  static func ownerName(_ metadata: ObjectMeta) -> String {
    guard let owner = metadata.ownerReferences.first else { return metadata.name }
    guard owner.kind == "ReplicaSet", let hash = metadata.labels["pod-template-hash"],
      owner.name.hasSuffix("-" + hash)
    else { return owner.name }
    return String(owner.name.dropLast(hash.count + 1))
  }
}
