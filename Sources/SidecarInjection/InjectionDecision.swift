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

  /// Decides about a pod that the selectors of a webhook have chosen (contract §13.2).
  package static func decide(
    _ pod: JSONValue, namespace: String, selection: InjectionSelection
  ) -> InjectionDecision {
    if pod[path: ["spec", "hostNetwork"]] == true {
      return .skip(reason: "the pod uses the network of its node")
    }
    if selection.excludedNamespaces.contains(namespace) {
      return .skip(reason: "the namespace \(namespace) is never injected")
    }
    let labels = pod[path: ["metadata", "labels"]].map(PodAnnotations.strings) ?? [:]
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
}
