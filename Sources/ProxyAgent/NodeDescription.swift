/// What a proxy says about itself: the node of Envoy's bootstrap.
struct NodeDescription {
  let configuration: AgentConfiguration

  /// `<type>~<ip>~<name>.<namespace>~<domain>`.
  var id: String {
    let domain = "\(configuration.namespace).svc.\(configuration.clusterDomain)"
    return [
      configuration.type.rawValue, configuration.ipAddress,
      "\(configuration.name).\(configuration.namespace)", domain,
    ].joined(separator: "~")
  }

  var json: JSONValue {
    .members([
      "id": .string(id), "cluster": .string("\(workloadName).\(configuration.namespace)"),
      "locality": locality, "metadata": metadata,
    ])
  }

  private var workloadName: String {
    for key in ["app", "app.kubernetes.io/name"] {
      if let label = configuration.labels.first(where: { $0.key == key }) { return label.value }
    }
    return configuration.serviceAccount
  }

  private var locality: JSONValue? {
    guard let parts = configuration.locality?.split(separator: "/"), !parts.isEmpty else {
      return nil
    }
    let keys = ["region", "zone", "sub_zone"]
    return .object(zip(keys, parts).map { (key: $0.0, value: .string(String($0.1))) })
  }

  private var metadata: JSONValue {
    var members: [(key: String, value: JSONValue)] = [
      ("NAME", .string(configuration.name)), ("NAMESPACE", .string(configuration.namespace)),
      ("SERVICE_ACCOUNT", .string(configuration.serviceAccount)),
      ("INSTANCE_IPS", .string(configuration.ipAddress)),
      ("CLUSTER_ID", .string(configuration.clusterID)),
      ("INTERCEPTION_MODE", .string(configuration.interceptionMode.rawValue)),
      ("WORKLOAD_NAME", .string(workloadName)), ("MESH_ID", .string(configuration.trustDomain)),
      ("LABELS", .object(configuration.labels.map { (key: $0.key, value: .string($0.value)) })),
    ]
    if configuration.readinessListenerPort > 0 {
      members.append(("ENVOY_STATUS_PORT", .number(configuration.readinessListenerPort)))
    }
    if configuration.prometheusPort > 0 {
      members.append(("ENVOY_PROMETHEUS_PORT", .number(configuration.prometheusPort)))
    }
    for (key, value) in configuration.metadata {
      members.removeAll { $0.key == key }
      members.append((key, .string(value)))
    }
    return .object(members)
  }
}
