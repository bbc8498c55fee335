package import StreamingJSON

extension PeerAuthentication: IstioValidatable {
  /// Applies Istio's rules for PeerAuthentications.
  package func validate() -> [FieldIssue] {
    var validator = FieldValidator()
    if let selector { validator.policySelector(selector.matchLabels, "spec.selector.matchLabels") }
    if let portLevelMtls {
      validator.require(
        !portLevelMtls.isEmpty, "spec.portLevelMtls",
        "spec.portLevelMtls in body should have at least 1 properties", remedy: "remove it")
      validator.require(
        selector?.matchLabels.isEmpty == false, "spec.portLevelMtls",
        "portLevelMtls requires selector",
        remedy: "select the workloads the ports belong to")
    }
    for port in (portLevelMtls ?? [:]).keys.sorted() {
      let path = JSONPath.member(port, of: "spec.portLevelMtls")
      guard let number = UInt32(port) else {
        validator.error(path, "type conversion error from \"\(port.prefix(64))\" to a port number")
        continue
      }
      validator.port(number, path)
    }
    return validator.issues
  }
}

extension OpaqueSpec: IstioValidatable {
  /// Finds nothing: the kind is kept and not yet acted on.
  package func validate() -> [FieldIssue] { [] }
}
