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

  private static let follow = ["list", "watch"]

  /// What it may do in every namespace.
  package static let clusterRules: [Rule] =
    [
      Rule(
        group: "",
        resources: ["configmaps", "namespaces", "nodes", "pods", "secrets", "services"],
        verbs: follow),
      // The root certificate goes into every namespace.
      Rule(group: "", resources: ["configmaps"], verbs: ["create", "patch"]),
      Rule(group: "discovery.k8s.io", resources: ["endpointslices"], verbs: follow),
      Rule(
        group: "admissionregistration.k8s.io",
        resources: ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
        verbs: ["get", "patch"]),
      // The tags of the revision have registrations of any name.
      Rule(
        group: "admissionregistration.k8s.io", resources: ["mutatingwebhookconfigurations"],
        verbs: ["list"]),
      Rule(group: "authentication.k8s.io", resources: ["tokenreviews"], verbs: ["create"]),
      // They change what is injected.
      Rule(group: "networking.istio.io", resources: ["proxyconfigs"], verbs: follow),
    ] + istioRules

  /// Istio's kinds that shape the mesh: they are followed, and their status is written.
  private static var istioRules: [Rule] {
    let kinds: [KubernetesResource] = [
      .destinationRules, .gateways, .serviceEntries, .sidecars, .virtualServices,
      .workloadEntries, .peerAuthentications,
    ]
    return ["networking.istio.io", "security.istio.io"].flatMap { group in
      let plurals = kinds.filter { $0.group == group }.map(\.plural)
      return [
        Rule(group: group, resources: plurals, verbs: follow),
        Rule(group: group, resources: plurals.map { "\($0)/status" }, verbs: ["patch"]),
      ]
    }
  }

  /// What it may do in its own namespace.
  package static let namespaceRules: [Rule] = [
    // The certificate authority's key and certificate.
    Rule(group: "", resources: ["secrets"], verbs: ["create", "get", "patch"]),
    Rule(
      group: "coordination.k8s.io", resources: ["leases"],
      verbs: ["create", "get", "update"]),
    // Only rehearsed: an invalid one, to see whether the validating webhook refuses it.
    Rule(group: "networking.istio.io", resources: ["gateways"], verbs: ["create"]),
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
