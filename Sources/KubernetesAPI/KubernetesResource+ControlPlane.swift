extension KubernetesResource {
  /// Questions whether a token is good; nothing is stored.
  package static let tokenReviews = KubernetesResource(
    group: "authentication.k8s.io", plural: "tokenreviews", kind: "TokenReview",
    isNamespaced: false)
  /// Leases, by which one of several replicas leads.
  package static let leases = KubernetesResource(
    group: "coordination.k8s.io", plural: "leases", kind: "Lease")
  /// Webhooks that change objects on their way.
  package static let mutatingWebhookConfigurations = KubernetesResource(
    group: "admissionregistration.k8s.io", plural: "mutatingwebhookconfigurations",
    kind: "MutatingWebhookConfiguration", isNamespaced: false)
  /// Webhooks that judge objects on their way.
  package static let validatingWebhookConfigurations = KubernetesResource(
    group: "admissionregistration.k8s.io", plural: "validatingwebhookconfigurations",
    kind: "ValidatingWebhookConfiguration", isNamespaced: false)
}
