internal import StreamingJSON

extension DestinationRule {
  /// ConfigMaps with roots have to be of the rule's own namespace: `configmap://name` or
  /// `configmap://namespace/name`.
  func validateReferences(from namespace: String) -> [FieldIssue] {
    guard !namespace.isEmpty else { return [] }
    var validator = FieldValidator()
    trafficPolicy?.validateReferences("spec.trafficPolicy", namespace, &validator)
    for (index, subset) in subsets.enumerated() {
      subset.trafficPolicy?.validateReferences(
        "spec.subsets[\(index)].trafficPolicy", namespace, &validator)
    }
    return validator.issues
  }
}

extension TrafficPolicy {
  fileprivate func validateReferences(
    _ path: String, _ namespace: String, _ validator: inout FieldValidator
  ) {
    tls?.validateReferences("\(path).tls", namespace, &validator)
    for (index, settings) in portLevelSettings.enumerated() {
      settings.tls?.validateReferences(
        "\(path).portLevelSettings[\(index)].tls", namespace, &validator)
    }
  }
}

extension ClientTLSSettings {
  fileprivate func validateReferences(
    _ path: String, _ namespace: String, _ validator: inout FieldValidator
  ) {
    let scheme = "configmap://"
    guard credentialName.hasPrefix(scheme) else { return }
    let parts = credentialName.dropFirst(scheme.count).split(separator: "/")
    validator.require(
      parts.count == 1 || (parts.count == 2 && parts.first.map(String.init) == namespace),
      "\(path).credentialName", "the ConfigMap is not one of the rule's own namespace",
      remedy: "write \(scheme)\(namespace)/NAME")
  }
}
