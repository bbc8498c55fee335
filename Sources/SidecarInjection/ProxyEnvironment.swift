internal import StreamingJSON

/// The variables of the proxy's container, in the order of Istio's template.
enum ProxyEnvironment {
  static let probers = "ISTIO_KUBE_APP_PROBERS"
  static let scrape = "ISTIO_PROMETHEUS_ANNOTATIONS"

  static func make(_ context: InjectionContext) -> [JSONValue] {
    let mesh = context.configuration.mesh
    var proxyConfiguration = context.proxyConfiguration
    if proxyConfiguration["discoveryAddress"] == nil,
      mesh.controlPlaneAddress != MeshIdentity.standardAddress
    {
      proxyConfiguration["discoveryAddress"] = .string(mesh.controlPlaneAddress)
    }
    var list: [JSONValue] = [
      text("PILOT_CERT_PROVIDER", "istiod"),
      text("CA_ADDR", mesh.authorityAddress ?? mesh.controlPlaneAddress),
      field("POD_NAME", "metadata.name"), field("POD_NAMESPACE", "metadata.namespace"),
      field("INSTANCE_IP", "status.podIP"), field("SERVICE_ACCOUNT", "spec.serviceAccountName"),
      field("HOST_IP", "status.hostIP"), resource("ISTIO_CPU_LIMIT", "limits.cpu"),
      text("PROXY_CONFIG", json(proxyConfiguration)),
      text("ISTIO_META_POD_PORTS", json(ports(context))),
      text(
        "ISTIO_META_APP_CONTAINERS",
        context.applicationContainers.map(PodParts.name).joined(separator: ",")),
      resource("GOMEMLIMIT", "limits.memory"), text("ISTIO_META_CLUSTER_ID", mesh.clusterID),
      field("ISTIO_META_NODE_NAME", "spec.nodeName"),
      text("ISTIO_META_INTERCEPTION_MODE", context.interceptionMode),
    ]
    let network = context.labels["topology.istio.io/network"] ?? mesh.network
    if !network.isEmpty { list.append(text("ISTIO_META_NETWORK", network)) }
    list += [
      text("ISTIO_META_WORKLOAD_NAME", context.owner.name),
      text("ISTIO_META_OWNER", context.owner.reference(namespace: context.namespace)),
      text("ISTIO_META_MESH_ID", mesh.meshID ?? mesh.trustDomain),
      text("TRUST_DOMAIN", mesh.trustDomain),
    ]
    let metadata = context.proxyConfiguration["proxyMetadata"].map(PodAnnotations.strings) ?? [:]
    // Proxy metadata may refer to variables, as in Istio.
    let further = metadata.sorted { $0.key < $1.key }.map { name, value -> JSONValue in
      ["name": .string(name), "value": .string(value)]
    }
    return ContainerMerge.join(
      list, further + context.environment.map { text($0.name, $0.value) }, by: "name")
  }

  /// The list with a variable, in the place of one of the same name or at the end.
  static func setting(_ variable: JSONValue, in list: [JSONValue]) -> [JSONValue] {
    var list = list
    if let index = list.firstIndex(where: { $0["name"] == variable["name"] }) {
      list[index] = variable
    } else {
      list.append(variable)
    }
    return list
  }

  static func text(_ name: String, _ value: String) -> JSONValue {
    // Kubernetes expands $(NAME) in values; what comes from a pod or the mesh must stay as written.
    ["name": .string(name), "value": .string(value.replacing("$(", with: "$$("))]
  }

  private static func field(_ name: String, _ path: String) -> JSONValue {
    ["name": .string(name), "valueFrom": ["fieldRef": ["fieldPath": .string(path)]]]
  }

  private static func resource(_ name: String, _ resource: String) -> JSONValue {
    [
      "name": .string(name),
      "valueFrom": ["resourceFieldRef": ["divisor": "1", "resource": .string(resource)]],
    ]
  }

  private static func ports(_ context: InjectionContext) -> JSONValue {
    .array(context.applicationContainers.flatMap { $0["ports"]?.arrayValue ?? [] })
  }

  private static func json(_ value: JSONValue) -> String {
    String(decoding: value.serialized(), as: UTF8.self)
  }
}
