internal import IstioAPI
package import StreamingJSON

/// Whether a pod gets a proxy, and why.
package enum InjectionDecision: Hashable, Sendable, CustomStringConvertible {
  /// It gets one.
  case inject(reason: String)
  /// It gets none.
  case skip(reason: String)

  /// Whether the pod gets a proxy.
  package var isInjected: Bool {
    if case .inject = self { true } else { false }
  }

  /// The reason, as a clause.
  package var description: String {
    switch self {
    case .inject(let reason): "injected: \(reason)"
    case .skip(let reason): "not injected: \(reason)"
    }
  }

  /// Decides about a pod (contract §13.1 and §13.2).
  ///
  /// `namespaceLabels` is nil when they are not known, and the selectors of the webhook are to be
  /// trusted.
  package static func decide(
    _ pod: JSONValue, namespace: String, namespaceLabels: [String: String]?,
    selection: InjectionSelection
  ) -> InjectionDecision {
    if pod[path: ["spec", "hostNetwork"]] == true {
      return .skip(reason: "the pod uses the network of its node")
    }
    if selection.excludedNamespaces.contains(namespace) {
      return .skip(reason: "the namespace \(namespace) is never injected")
    }
    let labels = pod[path: ["metadata", "labels"]].map(PodAnnotations.strings) ?? [:]
    if let namespaceLabels,
      let refusal = refusal(labels: labels, namespaceLabels: namespaceLabels, selection)
    {
      return .skip(reason: refusal)
    }
    let annotations = PodAnnotations(pod)
    // The label beats the annotation; a value that is neither true nor false is as if unset.
    let word = labels[InjectionAnnotation.inject] ?? annotations[InjectionAnnotation.inject]
    switch word.flatMap(PodAnnotations.bool) {
    case true: return .inject(reason: "the pod asks for it")
    case false: return .skip(reason: "the pod refuses it")
    case nil: break
    }
    if selection.neverInject.contains(where: { $0.chooses(labels) }) {
      return .skip(reason: "neverInjectSelector chooses the pod")
    }
    if selection.alwaysInject.contains(where: { $0.chooses(labels) }) {
      return .inject(reason: "alwaysInjectSelector chooses the pod")
    }
    return selection.injectsByDefault
      ? .inject(reason: "the policy is enabled") : .skip(reason: "the policy is disabled")
  }

  /// Why none of the webhooks of this revision is about the pod; nil when one is.
  private static func refusal(
    labels: [String: String], namespaceLabels: [String: String], _ selection: InjectionSelection
  ) -> String? {
    if labels[InjectionAnnotation.inject].flatMap(PodAnnotations.bool) == false {
      return "the pod refuses it"
    }
    func isOurs(_ revision: String) -> Bool {
      revision == selection.revision || (selection.isDefaultRevision && revision == "default")
    }
    if let injection = namespaceLabels["istio-injection"] {
      guard injection == "enabled" else {
        return "the namespace's label istio-injection is not enabled"
      }
      return selection.isDefaultRevision ? nil : "the namespace belongs to the default revision"
    }
    if let revision = namespaceLabels[InjectionAnnotation.revision] {
      return isOurs(revision) ? nil : "the namespace belongs to the revision \(revision)"
    }
    if let revision = labels[InjectionAnnotation.revision] {
      return isOurs(revision) ? nil : "the pod belongs to the revision \(revision)"
    }
    let asks = labels[InjectionAnnotation.inject].flatMap(PodAnnotations.bool) == true
    guard asks || selection.takesUnlabeledNamespaces else {
      return "neither the pod nor its namespace asks for it"
    }
    return selection.isDefaultRevision ? nil : "pods without a revision are the default's"
  }
}
