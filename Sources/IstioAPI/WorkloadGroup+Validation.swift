package import StreamingJSON

extension WorkloadGroup: IstioValidatable {
  /// Applies Istio's rules for WorkloadGroups.
  package func validate() -> [FieldIssue] {
    var validator = FieldValidator()
    validator.require(
      template != nil, "spec.template", "the template is missing",
      remedy: "add one; {} is enough")
    validator.labels(metadata?.labels ?? [:], "spec.metadata.labels")
    validator.atMost(256, metadata?.labels.count, "spec.metadata.labels", "labels")
    validator.atMost(256, metadata?.annotations.count, "spec.metadata.annotations", "annotations")
    template?.validateShape("spec.template", &validator)
    if let probe { validateProbe(probe, &validator) }
    return validator.issues
  }

  private func validateProbe(_ probe: JSONValue, _ validator: inout FieldValidator) {
    let path = "spec.probe"
    guard probe.objectValue != nil else {
      validator.error(path, "an object is expected")
      return
    }
    for name in [
      "initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold",
      "failureThreshold",
    ] {
      guard let value = probe[name], value != .null else { continue }
      validator.require(
        value.integerValue.map { (0...Int64(Int32.max)).contains($0) } ?? false, "\(path).\(name)",
        "a whole number of at least 0 is expected")
    }
    let methods = ["httpGet", "tcpSocket", "exec", "grpc"].filter {
      probe[$0] != nil && probe[$0] != .null
    }
    guard methods.count == 1, let method = methods.first else {
      validator.error(
        path,
        methods.isEmpty
          ? "the probe has no method" : "only one of \(methods.joined(separator: ", ")) may be set",
        remedy: "set httpGet, tcpSocket or exec")
      return
    }
    validate(probe[method] ?? .null, method: method, "\(path).\(method)", &validator)
  }

  private func validate(
    _ value: JSONValue, method: String, _ path: String, _ validator: inout FieldValidator
  ) {
    guard value.objectValue != nil else {
      validator.error(path, "an object is expected")
      return
    }
    switch method {
    case "httpGet":
      validatePort(value, path, &validator)
      let scheme = value["scheme"]?.stringValue ?? ""
      validator.require(
        ["", "HTTP", "HTTPS"].contains(scheme), "\(path).scheme",
        "scheme must be one of [HTTP, HTTPS]")
      for (index, header) in (value["httpHeaders"]?.arrayValue ?? []).enumerated() {
        validator.require(
          NameSyntax.isToken(header["name"]?.stringValue ?? ""),
          "\(path).httpHeaders[\(index)].name",
          "the header name is malformed", remedy: "use letters, digits and dashes")
      }
    case "tcpSocket": validatePort(value, path, &validator)
    case "exec":
      let command = value["command"]?.arrayValue ?? []
      validator.require(!command.isEmpty, "\(path).command", "the command is missing")
      for (index, argument) in command.enumerated() {
        validator.require(
          argument.stringValue?.isEmpty == false, "\(path).command[\(index)]",
          "the argument is empty")
      }
    default:
      validator.error(
        path, "the probe method is not supported", remedy: "use httpGet, tcpSocket or exec")
    }
  }

  private func validatePort(
    _ value: JSONValue, _ path: String, _ validator: inout FieldValidator
  ) {
    validator.require(
      value["port"]?.integerValue.map { (1...65_535).contains($0) } ?? false, "\(path).port",
      "port must be between 1-65535")
  }
}
