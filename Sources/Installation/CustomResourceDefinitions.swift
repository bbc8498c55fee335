internal import IstioAPI
package import KubernetesAPI
package import StreamingJSON

/// The custom resource definitions of Istio's kinds.
package enum CustomResourceDefinitions {
  /// One definition for each kind.
  package static var all: [JSONValue] { KubernetesResource.istio.map(definition) }

  /// The definition of a kind, with the schema that decoders and tests share.
  package static func definition(of resource: KubernetesResource) -> JSONValue {
    var names: JSONValue = [
      "kind": .string(resource.kind), "listKind": .string("\(resource.kind)List"),
      "plural": .string(resource.plural), "singular": .string(resource.singular),
      "categories": ["istio-io", .string(category(resource))],
    ]
    if !resource.shortNames.isEmpty {
      names["shortNames"] = .array(resource.shortNames.map { .string($0) })
    }
    return [
      "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
      "metadata": [
        "name": .string("\(resource.plural).\(resource.group)"),
        "labels": ["app.kubernetes.io/part-of": "skein"],
        "annotations": ["helm.sh/resource-policy": "keep"],
      ],
      "spec": [
        "group": .string(resource.group), "scope": "Namespaced", "names": names,
        "versions": .array(resource.versions.map { version(resource, $0) }),
      ],
    ]
  }

  private static func category(_ resource: KubernetesResource) -> String {
    "\(resource.group.prefix { $0 != "." })-istio-io"
  }

  private static func version(_ resource: KubernetesResource, _ name: String) -> JSONValue {
    var properties: JSONValue = [:]
    if let specification = StructuralSchema.specification(of: resource.kind) {
      properties["spec"] = specification.openAPI
    }
    properties["status"] = [
      "type": "object", "x-kubernetes-preserve-unknown-fields": true,
    ]
    return [
      "name": .string(name), "served": true, "storage": .bool(name == resource.preferredVersion),
      "subresources": ["status": [:]],
      "additionalPrinterColumns": .array(columns(resource)),
      "schema": ["openAPIV3Schema": ["type": "object", "properties": properties]],
    ]
  }

  private static func columns(_ resource: KubernetesResource) -> [JSONValue] {
    func column(_ name: String, _ path: String, _ type: String = "string") -> JSONValue {
      ["name": .string(name), "type": .string(type), "jsonPath": .string(path)]
    }
    let own: [JSONValue] =
      switch resource {
      case .virtualServices:
        [column("Gateways", ".spec.gateways"), column("Hosts", ".spec.hosts")]
      case .destinationRules: [column("Host", ".spec.host")]
      case .serviceEntries:
        [
          column("Hosts", ".spec.hosts"), column("Location", ".spec.location"),
          column("Resolution", ".spec.resolution"),
        ]
      case .workloadEntries: [column("Address", ".spec.address")]
      case .peerAuthentications: [column("Mode", ".spec.mtls.mode")]
      case .authorizationPolicies: [column("Action", ".spec.action")]
      default: []
      }
    return own + [column("Age", ".metadata.creationTimestamp", "date")]
  }
}
