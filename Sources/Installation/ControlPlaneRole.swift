internal import KubernetesAPI
internal import StreamingJSON

/// What the control plane may do in a cluster: no more than its client asks for.
package struct ControlPlaneRole: Hashable, Sendable {
  /// Verbs on resources of one group.
  package struct Rule: Hashable, Sendable {
    /// The API group; empty for the core group.
    package let group: String
    /// The resources by their plurals, subresources after a slash.
    package let resources: [String]
    /// What may be done.
    package let verbs: [String]
  }

  private static let read = ["get", "list", "watch"]

  /// What it may do in every namespace.
  package static let clusterRules: [Rule] =
    [
      Rule(
        group: "",
        resources: ["namespaces", "nodes", "pods", "services", "secrets"], verbs: read),
      // The root certificate goes into every namespace.
      Rule(
        group: "", resources: ["configmaps"], verbs: read + ["create", "patch", "update"]),
      Rule(group: "discovery.k8s.io", resources: ["endpointslices"], verbs: read),
      Rule(
        group: "apiextensions.k8s.io", resources: ["customresourcedefinitions"], verbs: read),
      Rule(
        group: "admissionregistration.k8s.io",
        resources: ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
        verbs: read + ["patch", "update"]),
      Rule(group: "authentication.k8s.io", resources: ["tokenreviews"], verbs: ["create"]),
    ] + istioRules

  /// Istio's kinds: they are read, and of some the status is written.
  private static var istioRules: [Rule] {
    var groups: [String] = []
    for resource in KubernetesResource.istio where !groups.contains(resource.group) {
      groups.append(resource.group)
    }
    return groups.flatMap { group in
      let plurals = KubernetesResource.istio.filter { $0.group == group }.map(\.plural)
      return [
        Rule(group: group, resources: plurals, verbs: read),
        Rule(
          group: group, resources: plurals.map { "\($0)/status" }, verbs: ["patch", "update"]),
      ]
    }
  }

  /// What it may do in its own namespace.
  package static let namespaceRules: [Rule] = [
    // The certificate authority's key and certificate.
    Rule(group: "", resources: ["secrets"], verbs: ["create", "get", "update"]),
    Rule(
      group: "coordination.k8s.io", resources: ["leases"],
      verbs: ["create", "get", "patch", "update"]),
  ]

  /// Rules in the form of a role.
  static func objects(_ rules: [Rule]) -> JSONValue {
    .array(
      rules.map { rule in
        [
          "apiGroups": [.string(rule.group)],
          "resources": .array(rule.resources.map { .string($0) }),
          "verbs": .array(rule.verbs.map { .string($0) }),
        ]
      })
  }
}
