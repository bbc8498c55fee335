internal import IstioAPI

extension LabelSelector {
  /// Whether the labels are chosen; an empty selector chooses nothing here, as in Istio's injector.
  func chooses(_ labels: [String: String]) -> Bool {
    guard !matchLabels.isEmpty || !matchExpressions.isEmpty else { return false }
    return matchLabels.allSatisfy { labels[$0.key] == $0.value }
      && matchExpressions.allSatisfy { requirement in
        let value = labels[requirement.key]
        return switch requirement.operator {
        case "In": value.map(requirement.values.contains) ?? false
        case "NotIn": value.map { !requirement.values.contains($0) } ?? true
        case "Exists": value != nil
        case "DoesNotExist": value == nil
        default: false
        }
      }
  }
}
