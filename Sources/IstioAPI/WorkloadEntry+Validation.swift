package import StreamingJSON

extension WorkloadEntry: IstioValidatable {
  /// Applies Istio's rules for WorkloadEntries.
  package func validate() -> [FieldIssue] {
    var validator = FieldValidator()
    validate("spec", &validator)
    if address.isEmpty, !network.isEmpty {
      validator.warning("spec.address", "without an address the workload is behind a gateway")
    }
    if !address.isEmpty, !address.hasPrefix("unix://") {
      validator.require(
        NameSyntax.isFQDN(address) || IPSyntax.isAddress(address), "spec.address",
        "\"\(address.prefix(80))\" is neither a domain name nor an IP address")
    }
    return validator.issues
  }

  func validate(_ path: String, _ validator: inout FieldValidator) {
    validator.require(
      !address.isEmpty || !network.isEmpty, "\(path).address", "Address is required",
      remedy: "give the IP address or name of the workload")
    validateShape(path, &validator)
    validator.labels(labels, "\(path).labels")
  }

  /// The rules that hold for the template of a group too.
  func validateShape(_ path: String, _ validator: inout FieldValidator) {
    validator.require(address.utf8.count <= 256, "\(path).address", "the address is too long")
    if address.hasPrefix("unix://") {
      let socket = address.dropFirst("unix://".count)
      validator.require(
        socket.hasPrefix("/") || socket.hasPrefix("@"), "\(path).address",
        "UDS must be an absolute path or abstract socket")
      validator.require(!socket.hasSuffix("/"), "\(path).address", "UDS may not be a dir")
      validator.require(ports.isEmpty, "\(path).ports", "UDS may not include ports")
    }
    validator.atMost(128, ports.count, "\(path).ports", "ports")
    for (name, number) in ports.sorted(by: { $0.key < $1.key }) {
      let portPath = JSONPath.member(name, of: "\(path).ports")
      validator.dnsLabel(name, portPath)
      validator.port(number, portPath)
    }
    validator.atMost(256, labels.count, "\(path).labels", "labels")
    validator.atMost(2_048, network.utf8.count, "\(path).network", "characters")
    validator.atMost(2_048, locality.utf8.count, "\(path).locality", "characters")
    validator.atMost(253, serviceAccount.utf8.count, "\(path).serviceAccount", "characters")
  }
}
