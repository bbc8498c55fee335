package import StreamingJSON

extension Sidecar: IstioValidatable {
  /// Applies Istio's rules for Sidecars.
  package func validate() -> [FieldIssue] {
    var validator = FieldValidator()
    validator.require(
      !ingress.isEmpty || !egress.isEmpty || outboundTrafficPolicy != nil
        || inboundConnectionPool != nil, "spec", "the sidecar sets nothing",
      remedy: "set egress, ingress, outboundTrafficPolicy or inboundConnectionPool")
    if let workloadSelector {
      validateLabelsOfSelector(workloadSelector, "spec.workloadSelector", &validator)
    }
    var ports: Set<UInt32> = []
    for (index, listener) in ingress.enumerated() {
      listener.validate("spec.ingress[\(index)]", &validator)
      if let port = listener.port {
        validator.require(
          ports.insert(port.number).inserted, "spec.ingress[\(index)].port.number",
          "the port \(port.number) is given twice")
      }
    }
    validateEgress(&validator)
    inboundConnectionPool?.validate("spec.inboundConnectionPool", &validator)
    guard let outboundTrafficPolicy else { return validator.issues }
    validator.require(
      outboundTrafficPolicy.mode != .allowAnyDynamicDns, "spec.outboundTrafficPolicy.mode",
      "ALLOW_ANY_DYNAMIC_DNS can only be set for the mesh")
    if let proxy = outboundTrafficPolicy.egressProxy {
      let path = "spec.outboundTrafficPolicy.egressProxy"
      validator.require(
        outboundTrafficPolicy.mode == .allowAny, path, "an egress proxy needs the mode ALLOW_ANY")
      validator.require(proxy.port != nil, "\(path).port", "the port is missing")
      validator.require(
        proxy.host.isEmpty || NameSyntax.isFQDN(proxy.host), "\(path).host",
        "\"\(proxy.host.prefix(80))\" is not a full domain name", remedy: "name one host")
      validateDestination(proxy, path, &validator)
    }
    return validator.issues
  }

  private func validateEgress(_ validator: inout FieldValidator) {
    var ports: Set<UInt32> = []
    for (index, listener) in egress.enumerated() {
      let path = "spec.egress[\(index)]"
      listener.validate(path, &validator)
      if let port = listener.port {
        if port.number != 0 {
          validator.require(
            ports.insert(port.number).inserted, "\(path).port.number",
            "the port \(port.number) is given twice")
        }
      } else {
        validator.require(
          index == egress.count - 1, path, "the listener without a port must be the last one")
      }
    }
  }
}

extension IstioIngressListener {
  func validate(_ path: String, _ validator: inout FieldValidator) {
    if let port {
      validator.port(port.number, "\(path).port.number")
      port.validate("\(path).port", &validator)
    } else {
      validator.error("\(path).port", "the port is missing")
    }
    if !bind.isEmpty {
      validator.require(IPSyntax.isAddress(bind), "\(path).bind", "the bind is not an IP address")
    }
    if !defaultEndpoint.isEmpty {
      validator.require(
        Self.isEndpoint(defaultEndpoint), "\(path).defaultEndpoint",
        "\"\(defaultEndpoint.prefix(80))\" is not an endpoint of the workload",
        remedy: "write 127.0.0.1:PORT, 0.0.0.0:PORT, [::1]:PORT, [::]:PORT or unix:///PATH")
    }
    connectionPool?.validate("\(path).connectionPool", &validator)
    if let tls {
      validator.require(
        port?.protocol.uppercased() == "TLS" || port?.protocol.uppercased() == "HTTPS",
        "\(path).tls", "tls needs the protocol TLS")
      validator.require(
        !tls.httpsRedirect && tls.credentialName.isEmpty && tls.credentialNames.isEmpty
          && tls.tlsCertificates.isEmpty && tls.subjectAltNames.isEmpty && tls.mode != .istioMutual
          && tls.mode != .autoPassthrough, "\(path).tls",
        "only file-based certificates with SIMPLE or MUTUAL work at a sidecar")
      tls.validate("\(path).tls", &validator)
    }
  }

  private static func isEndpoint(_ text: String) -> Bool {
    if text.hasPrefix("unix://") { return text.dropFirst("unix://".count).hasPrefix("/") }
    for host in ["127.0.0.1:", "0.0.0.0:", "[::1]:", "[::]:"] where text.hasPrefix(host) {
      guard let port = UInt32(text.dropFirst(host.count)) else { return false }
      return (1...65_535).contains(port)
    }
    return false
  }
}

extension IstioEgressListener {
  func validate(_ path: String, _ validator: inout FieldValidator) {
    let isSocket = bind.hasPrefix("unix://")
    if let port {
      port.validate("\(path).port", &validator)
      if isSocket {
        validator.require(port.number == 0, "\(path).port.number", "a unix socket has no port")
        validator.require(
          captureMode != .iptables, "\(path).captureMode", "a unix socket cannot be captured")
      } else {
        validator.port(port.number, "\(path).port.number")
      }
    } else {
      validator.require(bind.isEmpty, "\(path).bind", "a bind needs a port")
    }
    if !bind.isEmpty, !isSocket {
      validator.require(IPSyntax.isAddress(bind), "\(path).bind", "the bind is not an IP address")
    }
    validator.require(!hosts.isEmpty, "\(path).hosts", "the listener has no host")
    var seen: Set<String> = []
    for (index, host) in hosts.enumerated() {
      let path = "\(path).hosts[\(index)]"
      Self.validateHost(host, path, &validator)
      if !seen.insert(host).inserted { validator.warning(path, "the host is given twice") }
    }
  }

  /// `namespace/name`, where the namespace may be `*`, `.`, `~` or `~namespace`.
  private static func validateHost(
    _ host: String, _ path: String, _ validator: inout FieldValidator
  ) {
    let parts = host.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else {
      validator.error(
        path, "\"\(host.prefix(80))\" has no namespace", remedy: "write namespace/name")
      return
    }
    let namespace = parts[0]
    let isNamespace =
      ["*", ".", "~"].contains(String(namespace)) || NameSyntax.isDNSLabel(namespace)
      || (namespace.hasPrefix("~") && NameSyntax.isDNSLabel(namespace.dropFirst()))
    validator.require(isNamespace, path, "the namespace is malformed")
    let name = String(parts[1])
    validator.require(
      NameSyntax.isWildcardDomain(name)
        && (!name.hasPrefix("*") || name == "*" || name.hasPrefix("*.")),
      path, "\"\(name.prefix(80))\" is not a domain name", remedy: "use a wildcard only as *.")
  }
}

extension SidecarPort {
  func validate(_ path: String, _ validator: inout FieldValidator) {
    if !name.isEmpty { validator.dnsLabel(name, "\(path).name") }
    validator.require(
      self.protocol.isEmpty || NameSyntax.isProtocol(self.protocol), "\(path).protocol",
      "\"\(self.protocol.prefix(64))\" is not a known protocol")
    validator.require(
      (targetPort ?? 0) == 0, "\(path).targetPort", "targetPort is not supported here")
  }
}
