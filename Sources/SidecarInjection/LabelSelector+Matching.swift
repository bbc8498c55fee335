internal import IstioAPI

extension LabelSelector {
  /// Whether the labels are chosen; an empty selector chooses nothing here, as in Istio's injector.
  func chooses(_ labels: [String: String]) -> Bool {
    guard !matchLabels.isEmpty || !matchExpressions.isEmpty else { return false }
    return selects(labels)
  }
}
