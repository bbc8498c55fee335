internal import IstioAPI
internal import KubernetesAPI
internal import MeshModel

/// Service entries as services of the mesh with their endpoints.
struct ServiceEntryConversion {
  var metadata: ObjectMeta
  var entry: ServiceEntry
  var clusterID: String

  var key: ConfigKey {
    ConfigKey(.serviceEntry, namespace: metadata.namespace, name: metadata.name)
  }

  /// The service that a host of an entry is.
  static func id(host: String, _ metadata: ObjectMeta) -> ServiceID {
    ServiceID(hostname: host.lowercased(), namespace: metadata.namespace)
  }

  /// One of its hosts as a service.
  func service(_ id: ServiceID) -> MeshService {
    MeshService(
      id: id, name: metadata.name, source: .serviceEntry, ports: entry.ports.map(port),
      addresses: entry.addresses, resolution: resolution,
      isExternal: entry.location == .meshExternal,
      selector: entry.workloadSelector?.labels ?? [:],
      exportTo: entry.exportTo.isEmpty ? ["*"] : entry.exportTo,
      subjectAltNames: entry.subjectAltNames,
      creationTime: metadata.creationTimestamp?.seconds ?? 0, origin: key)
  }

  private var resolution: ServiceResolution {
    switch entry.resolution {
    case .none: .passthrough
    case .static: .endpoints
    case .dns: .dns
    case .dnsRoundRobin: .dnsRoundRobin
    case .dynamicDns: .dynamicDNS
    }
  }

  private func port(_ port: IstioAPI.ServicePort) -> MeshServicePort {
    MeshServicePort(
      number: port.number, name: port.name, protocolKind: PortProtocol(istio: port.protocol),
      targetPort: port.targetPort.flatMap { $0 == 0 ? nil : $0 })
  }

  /// The endpoints of one host: the listed ones, the selected workloads, or the host itself by DNS.
  func endpoints(host: String, selected: [Workload]) -> [MeshEndpoint] {
    var endpoints = entry.endpoints.map { endpoint($0, host: host) }
    endpoints += selected.flatMap(self.endpoints)
    if endpoints.isEmpty, entry.workloadSelector == nil, !HostPattern.isWildcard(host),
      resolution == .dns || resolution == .dnsRoundRobin
    {
      endpoints = [MeshEndpoint(address: host, ports: ports([:]), namespace: metadata.namespace)]
    }
    return endpoints
  }

  private func ports(_ own: [String: UInt32]) -> [String: UInt32] {
    Dictionary(
      entry.ports.map { port in
        let target = port.targetPort.flatMap { $0 == 0 ? nil : $0 }
        return (port.name, own[port.name] ?? target ?? port.number)
      }, uniquingKeysWith: { first, _ in first })
  }

  private func endpoint(_ endpoint: WorkloadEntry, host: String) -> MeshEndpoint {
    MeshEndpoint(
      address: endpoint.address.isEmpty ? host : endpoint.address, ports: ports(endpoint.ports),
      locality: EndpointLocality(endpoint.locality), labels: endpoint.labels,
      namespace: metadata.namespace, serviceAccount: endpoint.serviceAccount,
      acceptsMutualTLS: acceptsMutualTLS(endpoint.labels, endpoint.serviceAccount),
      network: endpoint.network, clusterID: clusterID, weight: max(endpoint.weight, 1))
  }

  private func endpoints(_ workload: Workload) -> [MeshEndpoint] {
    workload.addresses.prefix(1).map { address in
      MeshEndpoint(
        address: address, ports: ports([:]), locality: workload.locality, labels: workload.labels,
        namespace: workload.namespace, serviceAccount: workload.serviceAccount,
        acceptsMutualTLS: acceptsMutualTLS(
          workload.labels, workload.origin.kind == .pod ? "" : workload.serviceAccount),
        workloadName: workload.name, nodeName: workload.nodeName, clusterID: clusterID)
    }
  }

  private func acceptsMutualTLS(_ labels: [String: String], _ serviceAccount: String) -> Bool {
    if let mode = labels[WorkloadConversion.tlsModeLabel] { return mode == "istio" }
    return !serviceAccount.isEmpty
  }
}
