package import StreamingJSON

extension ServiceEntry: IstioValidatable {
  /// Applies Istio's rules for ServiceEntries.
  package func validate() -> [FieldIssue] {
    var validator = FieldValidator()
    validator.require(!hosts.isEmpty, "spec.hosts", "the entry has no host")
    validator.require(hosts.count <= 256, "spec.hosts", "there are more than 256 hosts")
    for (index, host) in hosts.enumerated() {
      validateHost(host, "spec.hosts[\(index)]", &validator)
    }
    validator.exportTo(exportTo, "spec.exportTo", allowsNone: true)
    validateAddresses(&validator)
    validatePorts(&validator)
    if let workloadSelector {
      validator.require(
        endpoints.isEmpty, "spec.workloadSelector",
        "only one of workloadSelector and endpoints may be set")
      validateLabelsOfSelector(workloadSelector, "spec.workloadSelector", &validator)
    }
    validator.require(
      endpoints.count <= 4_096, "spec.endpoints", "there are more than 4096 endpoints")
    validateResolution(&validator)
    let names = Set(ports.map(\.name))
    for (index, endpoint) in endpoints.enumerated() {
      let path = "spec.endpoints[\(index)]"
      endpoint.validate(path, &validator)
      for name in endpoint.ports.keys.sorted() where !names.contains(name) {
        validator.error(
          JSONPath.member(name, of: "\(path).ports"), "the service has no port of this name")
      }
      validateEndpointAddress(endpoint, "\(path).address", &validator)
    }
    return validator.issues
  }

  private func validateHost(_ host: String, _ path: String, _ validator: inout FieldValidator) {
    guard host != "*" else {
      validator.error(path, "hostname cannot be wildcard", remedy: "name the host")
      return
    }
    validator.require(
      NameSyntax.isWildcardDomain(host), path, "\"\(host.prefix(80))\" is not a domain name")
    if host.hasPrefix("*"), !host.hasPrefix("*."), resolution != .dynamicDns {
      validator.warning(path, "a wildcard inside a label only matches as *.")
    }
  }

  private func validateAddresses(_ validator: inout FieldValidator) {
    validator.require(addresses.count <= 256, "spec.addresses", "there are more than 256 addresses")
    for (index, address) in addresses.enumerated() {
      let path = "spec.addresses[\(index)]"
      validator.addressOrNetwork(address, path)
      validator.require(address.utf8.count <= 64, path, "the address is longer than 64 characters")
      if address.contains("/") {
        validator.require(
          resolution == .none || resolution == .static, path,
          "CIDR addresses are allowed only for NONE/STATIC resolution types")
      }
    }
    validator.require(
      resolution != .dynamicDns || addresses.isEmpty, "spec.addresses",
      "DYNAMIC_DNS takes no addresses")
  }

  private func validatePorts(_ validator: inout FieldValidator) {
    validator.require(ports.count <= 256, "spec.ports", "there are more than 256 ports")
    var names: Set<String> = []
    var numbers: Set<UInt32> = []
    for (index, port) in ports.enumerated() {
      let path = "spec.ports[\(index)]"
      validator.port(port.number, "\(path).number")
      if let target = port.targetPort, target != 0 { validator.port(target, "\(path).targetPort") }
      validator.dnsLabel(port.name, "\(path).name")
      validator.require(
        names.insert(port.name).inserted, "\(path).name", "the port name is given twice")
      validator.require(
        numbers.insert(port.number).inserted, "\(path).number", "port number cannot be duplicated")
      validator.require(
        port.protocol.isEmpty || NameSyntax.isProtocol(port.protocol), "\(path).protocol",
        "\"\(port.protocol.prefix(64))\" is not a known protocol")
    }
  }

  private func validateResolution(_ validator: inout FieldValidator) {
    switch resolution {
    case .none:
      validator.require(endpoints.isEmpty, "spec.endpoints", "NONE mode cannot set endpoints")
      if workloadSelector != nil {
        validator.warning("spec.workloadSelector", "a selector has no effect with resolution NONE")
      }
    case .static: break
    case .dns, .dnsRoundRobin:
      if resolution == .dnsRoundRobin {
        validator.require(
          endpoints.count <= 1, "spec.endpoints",
          "DNS_ROUND_ROBIN mode cannot have multiple endpoints")
      }
      guard endpoints.isEmpty, workloadSelector == nil else { return }
      for (index, host) in hosts.enumerated() where host.hasPrefix("*") {
        validator.error(
          "spec.hosts[\(index)]", "a wildcard host cannot be resolved by DNS",
          remedy: "add endpoints or name the host")
      }
    case .dynamicDns:
      validator.require(endpoints.isEmpty, "spec.endpoints", "DYNAMIC_DNS takes no endpoints")
      for (index, host) in hosts.enumerated() where !host.hasPrefix("*") {
        validator.error("spec.hosts[\(index)]", "DYNAMIC_DNS needs wildcard hosts")
      }
    }
  }

  private func validateEndpointAddress(
    _ endpoint: WorkloadEntry, _ path: String, _ validator: inout FieldValidator
  ) {
    let address = endpoint.address
    if address.hasPrefix("unix://") {
      validator.require(ports.count == 1, path, "a unix socket needs exactly one service port")
      validator.require(resolution == .static, path, "a unix socket needs resolution STATIC")
    } else if resolution == .static {
      validator.require(
        address.isEmpty || IPSyntax.isAddress(address), path,
        "\"\(address.prefix(80))\" is not an IP address", remedy: "use resolution DNS for names")
    } else if resolution == .dns || resolution == .dnsRoundRobin {
      validator.require(
        address.isEmpty || NameSyntax.isFQDN(address) || IPSyntax.isAddress(address), path,
        "\"\(address.prefix(80))\" is neither a domain name nor an IP address")
    }
  }
}

func validateLabelsOfSelector(
  _ selector: WorkloadSelector, _ path: String, _ validator: inout FieldValidator
) {
  validator.policySelector(selector.labels, "\(path).labels")
}
