package import KubernetesAPI
package import StreamingJSON

/// The objects that make up an installation, in the order they are applied.
package struct Installation: Sendable {
  /// When a part of an installation is there.
  package enum Condition: Hashable, Sendable {
    /// Always.
    case always
    /// When these values are switched on.
    case values([String])
    /// When the control plane serves namespaces that ask for no revision.
    case defaultRevision
  }

  /// A part of an installation.
  package struct Part: Hashable, Sendable {
    /// What the part is called in files.
    package let name: String
    /// When the part is there.
    package let condition: Condition
    /// The objects.
    package let objects: [JSONValue]
  }

  /// An object and what it names.
  package struct Object: Hashable, Sendable {
    /// The object.
    package let value: JSONValue
    /// Its kind.
    package let resource: KubernetesResource
    /// Its place.
    package let key: ObjectKey

    /// Takes an object of a kind that is known.
    init?(_ value: JSONValue) {
      guard let apiVersion = value["apiVersion"]?.stringValue,
        let kind = value["kind"]?.stringValue,
        let resource = KubernetesResource.find(apiVersion: apiVersion, kind: kind),
        let name = value[path: ["metadata", "name"]]?.stringValue
      else { return nil }
      self.value = value
      self.resource = resource
      key = ObjectKey(
        namespace: value[path: ["metadata", "namespace"]]?.stringValue ?? "", name: name)
    }
  }

  /// The values it is made with.
  package let values: InstallationValues

  /// An installation with these values.
  package init(values: InstallationValues) {
    self.values = values
  }

  /// Every part, those that are switched off too.
  package var parts: [Part] {
    let controlPlane = ControlPlaneObjects(values: values)
    let gateway = GatewayObjects(values: values)
    let webhooks = WebhookObjects(values: values)
    func part(_ name: String, _ condition: Condition, _ objects: [JSONValue]) -> Part {
      Part(name: name, condition: condition, objects: objects)
    }
    return [
      part("namespace", .always, [controlPlane.namespace]),
      part("access", .always, controlPlane.access),
      part("mesh-config", .always, [controlPlane.meshConfiguration]),
      part("control-plane", .always, controlPlane.workload),
      part("autoscaling", .values(["autoscaling"]), [controlPlane.autoscaler]),
      part("webhooks", .always, [webhooks.injection, webhooks.validation]),
      part(
        "default-webhooks", .defaultRevision,
        [webhooks.defaultInjection, webhooks.defaultValidation]),
      part("gateway", .values(["gateway"]), gateway.all),
      part("gateway-autoscaling", .values(["gateway", "autoscaling"]), [gateway.autoscaler]),
    ]
  }

  /// The objects of the parts that are switched on, without the custom resource definitions.
  package var objects: [Object] {
    parts.filter { part in
      switch part.condition {
      case .always: true
      case .values(let names): names.allSatisfy(values.isOn)
      case .defaultRevision: values["revision"] == "default"
      }
    }.flatMap(\.objects).compactMap(Object.init)
  }

  /// The custom resource definitions, which come before all else.
  package static var definitions: [Object] {
    CustomResourceDefinitions.all.compactMap(Object.init)
  }
}

extension JSONValue {
  /// An object with its header and metadata.
  static func kubernetesObject(
    _ apiVersion: String, _ kind: String, _ name: String, namespace: String? = nil,
    labels: JSONValue = [:], _ contents: JSONValue = [:]
  ) -> JSONValue {
    var labels = labels
    labels["app.kubernetes.io/part-of"] = "skein"
    var metadata: JSONValue = ["name": .string(name)]
    if let namespace { metadata["namespace"] = .string(namespace) }
    metadata["labels"] = labels
    var object: JSONValue = [
      "apiVersion": .string(apiVersion), "kind": .string(kind), "metadata": metadata,
    ]
    for (key, value) in contents.objectValue ?? JSONObject() { object[key] = value }
    return object
  }
}
