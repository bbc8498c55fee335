internal import IstioAPI
internal import KubernetesAPI
internal import MeshModel

/// Kubernetes services as services of the mesh.
enum ServiceConversion {
  static func hostname(_ key: ObjectKey, clusterDomain: String) -> String {
    "\(key.name).\(key.namespace).svc.\(clusterDomain)".lowercased()
  }

  static func convert(
    _ metadata: ObjectMeta, _ service: KubernetesAPI.Service, clusterDomain: String
  ) -> MeshService {
    let id = ServiceID(
      hostname: hostname(metadata.key, clusterDomain: clusterDomain), namespace: metadata.namespace)
    let addresses = Set([service.clusterIP] + service.clusterIPs)
      .filter { !$0.isEmpty && $0 != "None" }.sorted()
    // An address that is missing is still to be assigned; only "None" makes a service headless.
    let isHeadless = service.clusterIP == "None"
    let resolution: ServiceResolution =
      service.type == .externalName ? .alias : isHeadless ? .passthrough : .endpoints
    return MeshService(
      id: id, name: metadata.name, source: .kubernetes, ports: service.ports.compactMap(port),
      addresses: addresses, resolution: resolution,
      aliasTarget: service.externalName.lowercased(), selector: service.selector,
      exportTo: exportTo(metadata.annotations["networking.istio.io/exportTo"]),
      serviceAccounts: accounts(metadata, trustDomain: "cluster.local"),
      creationTime: metadata.creationTimestamp?.seconds ?? 0,
      publishesNotReadyAddresses: service.publishNotReadyAddresses,
      isNodeLocal: service.internalTrafficPolicy == "Local",
      distribution: distribution(metadata, service),
      origin: ConfigKey(.service, namespace: metadata.namespace, name: metadata.name))
  }

  /// The field, else Istio's annotation from before there was one.
  private static func distribution(
    _ metadata: ObjectMeta, _ service: KubernetesAPI.Service
  ) -> TrafficDistribution? {
    let text =
      service.trafficDistribution.isEmpty
      ? metadata.annotations["networking.istio.io/traffic-distribution"] ?? ""
      : service.trafficDistribution
    // The name that Kubernetes gave it first.
    return text == "PreferClose" ? .preferSameZone : TrafficDistribution(rawValue: text)
  }

  private static func port(_ port: KubernetesAPI.ServicePort) -> MeshServicePort? {
    guard let number = UInt32(exactly: port.port), (1...65535).contains(number) else { return nil }
    let kind = PortProtocol(
      transport: port.protocol, appProtocol: port.appProtocol, portName: port.name,
      number: port.port)
    switch port.targetPort {
    case .number(let target)? where target > 0:
      return MeshServicePort(
        number: number, name: port.name, protocolKind: kind, targetPort: UInt32(target))
    case .name(let name)?:
      return MeshServicePort(
        number: number, name: port.name, protocolKind: kind, targetPortName: name)
    case .number?, nil:
      return MeshServicePort(
        number: number, name: port.name, protocolKind: kind, targetPort: number)
    }
  }

  static func exportTo(_ annotation: String?) -> [String] {
    let names = (annotation ?? "").split(separator: ",").map { part in
      String(part.filter { $0 != " " })
    }
    return names.isEmpty ? ["*"] : names
  }

  private static func accounts(_ metadata: ObjectMeta, trustDomain: String) -> [String] {
    (metadata.annotations["alpha.istio.io/kubernetes-serviceaccounts"] ?? "")
      .split(separator: ",").map { account in
        "spiffe://\(trustDomain)/ns/\(metadata.namespace)/sa/\(account.filter { $0 != " " })"
      }
  }
}
