package import StreamingJSON

extension AuthorizationPolicy: IstioValidatable {
  /// Applies Istio's rules for AuthorizationPolicies.
  package func validate() -> [FieldIssue] {
    var validator = FieldValidator()
    validator.policyScope(selector: selector, targetRef: targetRef, targetRefs: targetRefs)
    validateProvider(&validator)
    guard let rules, !rules.isEmpty else {
      validator.require(
        action != .deny && action != .custom, "spec.rules",
        "a policy with the action \(action.rawValue) and no rules never applies",
        remedy: "add a rule; {} matches every request")
      return validator.issues
    }
    validator.require(rules.count <= 512, "spec.rules", "there are more than 512 rules")
    for (index, rule) in rules.enumerated() {
      rule.validate("spec.rules[\(index)]", action: action, &validator)
    }
    return validator.issues
  }

  private func validateProvider(_ validator: inout FieldValidator) {
    if action == .custom {
      validator.require(
        provider?.name.isEmpty == false, "spec.provider.name",
        "the action CUSTOM needs a provider",
        remedy: "name one of the extension providers of the mesh configuration")
    } else {
      validator.require(
        provider == nil, "spec.provider", "a provider is allowed with the action CUSTOM only",
        remedy: "remove the provider or set the action to CUSTOM")
    }
  }
}

extension AuthorizationRule {
  func validate(
    _ path: String, action: AuthorizationAction, _ validator: inout FieldValidator
  ) {
    let remedy = "remove the field to match everything"
    validator.require(from?.isEmpty != true, "\(path).from", "the list is empty", remedy: remedy)
    validator.require(to?.isEmpty != true, "\(path).to", "the list is empty", remedy: remedy)
    validator.require(
      (from?.count ?? 0) <= 512, "\(path).from", "there are more than 512 sources")
    for (index, entry) in (from ?? []).enumerated() {
      let path = "\(path).from[\(index)].source"
      guard let source = entry.source, !source.isEmpty else {
        validator.error(path, "the source has no field", remedy: "name whom it is about")
        continue
      }
      source.validate(path, action: action, &validator)
    }
    for (index, entry) in (to ?? []).enumerated() {
      let path = "\(path).to[\(index)].operation"
      guard let operation = entry.operation, !operation.isEmpty else {
        validator.error(path, "the operation has no field", remedy: "name what it is about")
        continue
      }
      operation.validate(path, &validator)
    }
    for (index, condition) in when.enumerated() {
      condition.validate("\(path).when[\(index)]", action: action, &validator)
    }
    if action == .deny, usesOnlyHTTP {
      validator.warning(
        path, "on TCP ports the rule denies everything, for it has HTTP attributes only",
        remedy: "name the ports in to.operation.ports")
    }
  }

  /// Whether there are conditions and none of them can be judged on a TCP connection.
  private var usesOnlyHTTP: Bool {
    let sources = (from ?? []).compactMap(\.source)
    let operations = (to ?? []).compactMap(\.operation)
    let knowsTCP =
      sources.contains { $0.usesConnection }
      || operations.contains { !$0.ports.isEmpty || !$0.notPorts.isEmpty }
      || when.contains { !$0.key.hasPrefix("request.") }
    let isConditional = !sources.isEmpty || !operations.isEmpty || !when.isEmpty
    return isConditional && !knowsTCP
  }
}

extension AuthorizationOperation {
  var isEmpty: Bool {
    [hosts, notHosts, ports, notPorts, methods, notMethods, paths, notPaths].allSatisfy(\.isEmpty)
  }

  func validate(_ path: String, _ validator: inout FieldValidator) {
    for (name, values) in [
      ("hosts", hosts), ("notHosts", notHosts), ("methods", methods), ("notMethods", notMethods),
      ("paths", paths), ("notPaths", notPaths),
    ] {
      validator.nonEmptyStrings(values, "\(path).\(name)")
    }
    for (name, values) in [("ports", ports), ("notPorts", notPorts)] {
      for (index, port) in values.enumerated() {
        validator.portText(port, "\(path).\(name)[\(index)]")
      }
    }
    for (name, values) in [("paths", paths), ("notPaths", notPaths)] {
      for (index, value) in values.enumerated() {
        if let fault = PathTemplateSyntax.fault(value) {
          validator.error("\(path).\(name)[\(index)]", fault)
        }
      }
    }
  }
}

extension FieldValidator {
  mutating func nonEmptyStrings(_ values: [String], _ path: String) {
    for (index, value) in values.enumerated() where value.isEmpty {
      error("\(path)[\(index)]", "the value is empty", remedy: "remove it; * matches any value")
    }
  }

  /// A port as text; 0 is a port here, as in Istio.
  mutating func portText(_ text: String, _ path: String) {
    require(
      UInt16(text) != nil && !text.hasPrefix("+"), path,
      "\"\(text.prefix(64))\" is not a port between 0 and 65535")
  }
}
