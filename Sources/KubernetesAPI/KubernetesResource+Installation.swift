/// The kinds an installation consists of, and those of leader election.
///
/// The embedded API keeps them and never acts on them.
extension KubernetesResource {
  /// Descriptions of kinds.
  package static let customResourceDefinitions = KubernetesResource(
    group: "apiextensions.k8s.io", plural: "customresourcedefinitions",
    kind: "CustomResourceDefinition", isNamespaced: false, shortNames: ["crd", "crds"])
  /// Permissions in all namespaces.
  package static let clusterRoles = KubernetesResource(
    group: "rbac.authorization.k8s.io", plural: "clusterroles", kind: "ClusterRole",
    isNamespaced: false)
  /// Who has the permissions of a ClusterRole.
  package static let clusterRoleBindings = KubernetesResource(
    group: "rbac.authorization.k8s.io", plural: "clusterrolebindings",
    kind: "ClusterRoleBinding", isNamespaced: false)
  /// Permissions in one namespace.
  package static let roles = KubernetesResource(
    group: "rbac.authorization.k8s.io", plural: "roles", kind: "Role")
  /// Who has the permissions of a Role.
  package static let roleBindings = KubernetesResource(
    group: "rbac.authorization.k8s.io", plural: "rolebindings", kind: "RoleBinding")
  /// Webhooks that change objects.
  package static let mutatingWebhookConfigurations = KubernetesResource(
    group: "admissionregistration.k8s.io", plural: "mutatingwebhookconfigurations",
    kind: "MutatingWebhookConfiguration", isNamespaced: false)
  /// Webhooks that judge objects.
  package static let validatingWebhookConfigurations = KubernetesResource(
    group: "admissionregistration.k8s.io", plural: "validatingwebhookconfigurations",
    kind: "ValidatingWebhookConfiguration", isNamespaced: false)
  /// How many pods may be missing at a time.
  package static let podDisruptionBudgets = KubernetesResource(
    group: "policy", plural: "poddisruptionbudgets", kind: "PodDisruptionBudget",
    shortNames: ["pdb"])
  /// How many pods a load deserves.
  package static let horizontalPodAutoscalers = KubernetesResource(
    group: "autoscaling", versions: ["v2"], plural: "horizontalpodautoscalers",
    kind: "HorizontalPodAutoscaler", shortNames: ["hpa"])
  /// Leases, by which one of several is the leader.
  package static let leases = KubernetesResource(
    group: "coordination.k8s.io", plural: "leases", kind: "Lease")

  /// The kinds above.
  package static let installation: [KubernetesResource] = [
    .customResourceDefinitions, .clusterRoles, .clusterRoleBindings, .roles, .roleBindings,
    .mutatingWebhookConfigurations, .validatingWebhookConfigurations, .podDisruptionBudgets,
    .horizontalPodAutoscalers, .leases,
  ]
}
