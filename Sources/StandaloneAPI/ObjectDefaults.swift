internal import FoundationEssentials
internal import KubernetesAPI
internal import StreamingJSON

/// What the API itself writes into objects.
struct ObjectDefaults {
  let resource: KubernetesResource
  let now: Timestamp

  /// Completes an object that is new.
  func complete(
    new object: JSONValue, _ transaction: ObjectStore.Transaction
  ) throws -> JSONValue {
    var object = object
    object[path: ["metadata", "uid"]] = .string(Self.uid())
    object[path: ["metadata", "creationTimestamp"]] = .string(now.text)
    object[path: ["metadata", "generation"]] = 1
    object[path: ["metadata", "managedFields"]] = nil
    object[path: ["metadata", "selfLink"]] = nil
    object[path: ["metadata", "generateName"]] = nil
    if KubernetesResource.istio.contains(resource) { object["status"] = nil }
    if resource == .namespaces {
      object[path: ["status", "phase"]] = "Active"
      if let name = object[path: ["metadata", "name"]] {
        object[path: ["metadata", "labels", "kubernetes.io/metadata.name"]] = name
      }
    }
    if resource == .customResourceDefinitions { object["status"] = definitionStatus(object) }
    if resource == .services { object = try completeService(object, transaction) }
    return object
  }

  /// Completes an object that replaces `current`; bumps the generation when its contents changed.
  func complete(_ object: JSONValue, replacing current: JSONValue) -> JSONValue {
    var object = object
    for field in ["uid", "creationTimestamp", "generation"] {
      object[path: ["metadata", field]] = current[path: ["metadata", field]]
    }
    object[path: ["metadata", "managedFields"]] = current[path: ["metadata", "managedFields"]]
    object[path: ["metadata", "selfLink"]] = nil
    if KubernetesResource.istio.contains(resource) { object["status"] = current["status"] }
    if resource == .customResourceDefinitions { object["status"] = definitionStatus(object) }
    if resource == .services {
      for field in ["clusterIP", "clusterIPs"] where object[path: ["spec", field]] == nil {
        object[path: ["spec", field]] = current[path: ["spec", field]]
      }
      object = completePorts(object)
    }
    if Self.contents(object) != Self.contents(current) {
      let generation = current[path: ["metadata", "generation"]]?.integerValue ?? 1
      object[path: ["metadata", "generation"]] = .integer(generation &+ 1)
    }
    return object
  }

  /// Whether the kind that is defined can be used: those of Istio can, others are only kept.
  private func definitionStatus(_ object: JSONValue) -> JSONValue {
    let group = object[path: ["spec", "group"]]?.stringValue ?? ""
    let names = object[path: ["spec", "names"]] ?? [:]
    let isServed = KubernetesResource.istio.contains {
      $0.group == group && $0.plural == names["plural"]?.stringValue
    }
    func condition(_ type: String, _ reason: String, _ message: String) -> JSONValue {
      [
        "type": .string(type), "status": isServed ? "True" : "False", "reason": .string(reason),
        "message": .string(message),
        "lastTransitionTime": object[path: ["metadata", "creationTimestamp"]] ?? .string(now.text),
      ]
    }
    guard isServed else {
      let message = "this API serves the kinds of Istio only; the definition is kept, not acted on"
      return ["conditions": [condition("Established", "NotServed", message)]]
    }
    return [
      "acceptedNames": names,
      "conditions": [
        condition("NamesAccepted", "NoConflicts", "no conflicts found"),
        condition("Established", "InitialNamesAccepted", "the kind is served"),
      ],
    ]
  }

  /// What a generation counts: everything but metadata and status.
  private static func contents(_ object: JSONValue) -> JSONValue {
    var object = object
    for field in ["metadata", "status", "apiVersion", "kind"] { object[field] = nil }
    return object
  }

  private func completeService(
    _ object: JSONValue, _ transaction: ObjectStore.Transaction
  ) throws -> JSONValue {
    var object = object
    if object["spec"]?.objectValue == nil { object["spec"] = [:] }
    if object[path: ["spec", "type"]] == nil { object[path: ["spec", "type"]] = "ClusterIP" }
    if object[path: ["spec", "sessionAffinity"]] == nil {
      object[path: ["spec", "sessionAffinity"]] = "None"
    }
    let isAlias = object[path: ["spec", "type"]] == "ExternalName"
    if !isAlias, (object[path: ["spec", "clusterIP"]]?.stringValue ?? "").isEmpty {
      let number = try transaction.nextAddressNumber()
      object[path: ["spec", "clusterIP"]] = .string(Self.address(number))
    }
    if let address = object[path: ["spec", "clusterIP"]],
      object[path: ["spec", "clusterIPs"]] == nil
    {
      object[path: ["spec", "clusterIPs"]] = .array([address])
    }
    return completePorts(object)
  }

  private func completePorts(_ object: JSONValue) -> JSONValue {
    var object = object
    guard let ports = object[path: ["spec", "ports"]]?.arrayValue else { return object }
    object[path: ["spec", "ports"]] = .array(
      ports.map { port in
        var port = port
        guard port.objectValue != nil else { return port }
        if port["protocol"] == nil { port["protocol"] = "TCP" }
        if port["targetPort"] == nil { port["targetPort"] = port["port"] }
        return port
      })
    return object
  }

  /// The address with this number in 10.96.0.0/12, the range Kubernetes takes by default.
  private static func address(_ number: Int64) -> String {
    let offset = number % (1 << 20)
    return "10.\(96 + offset >> 16 & 15).\(offset >> 8 & 255).\(offset & 255)"
  }

  private static func uid() -> String {
    UUID().uuidString.lowercased()
  }
}
