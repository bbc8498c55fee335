internal import StreamingJSON

extension FieldValidator {
  /// The ways a policy says which workloads it is about, of which one may be used.
  mutating func policyScope(
    selector: PolicySelector?, targetRef: PolicyTargetReference?,
    targetRefs: [PolicyTargetReference]
  ) {
    if let selector { policySelector(selector.matchLabels, "spec.selector.matchLabels") }
    let given = [selector != nil, targetRef != nil, !targetRefs.isEmpty].count { $0 }
    require(
      given <= 1, "spec", "only one of targetRefs or selector can be set", remedy: "remove one")
    require(targetRefs.count <= 16, "spec.targetRefs", "there are more than 16 targets")
    if let targetRef { targetReference(targetRef, "spec.targetRef") }
    for (index, reference) in targetRefs.enumerated() {
      targetReference(reference, "spec.targetRefs[\(index)]")
    }
  }

  private mutating func targetReference(_ reference: PolicyTargetReference, _ path: String) {
    let kinds: Set<String> = [
      "gateway.networking.k8s.io/Gateway", "gateway.networking.k8s.io/GatewayClass", "/Service",
      "networking.istio.io/ServiceEntry",
    ]
    // The core group may be written out.
    let group = reference.group == "core" ? "" : reference.group
    require(
      kinds.contains("\(group)/\(reference.kind)"), "\(path).kind",
      "a policy cannot be attached to \(reference.group.prefix(64))/\(reference.kind.prefix(64))",
      remedy: "name a Gateway, GatewayClass, Service or ServiceEntry with its group")
    require(!reference.name.isEmpty, "\(path).name", "the name is missing")
    require(
      reference.name.utf8.count <= 253, "\(path).name", "the name is longer than 253 characters")
    require(
      reference.namespace.isEmpty, "\(path).namespace",
      "cross namespace referencing is not currently supported", remedy: "remove the namespace")
  }
}
