extension KubernetesResource {
  /// Questions whether a token is good; nothing is stored.
  package static let tokenReviews = KubernetesResource(
    group: "authentication.k8s.io", plural: "tokenreviews", kind: "TokenReview",
    isNamespaced: false)
}
