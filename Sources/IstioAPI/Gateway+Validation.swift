package import StreamingJSON

extension Gateway: IstioValidatable {
  /// Applies Istio's rules for Gateways.
  package func validate() -> [FieldIssue] {
    var validator = FieldValidator()
    validator.require(!servers.isEmpty, "spec.servers", "the gateway has no server")
    var names: Set<String> = []
    for (index, server) in servers.enumerated() {
      let path = "spec.servers[\(index)]"
      server.validate(path, &validator)
      if let name = server.port?.name, !name.isEmpty {
        validator.require(
          names.insert(name).inserted, "\(path).port.name",
          "the port name \"\(name.prefix(80))\" is given twice", remedy: "rename one")
      }
    }
    return validator.issues
  }
}

extension Server {
  func validate(_ path: String, _ validator: inout FieldValidator) {
    validatePort(path, &validator)
    if !bind.isEmpty, !bind.hasPrefix("unix://") {
      validator.require(
        IPSyntax.isAddress(bind), "\(path).bind", "\"\(bind.prefix(80))\" is not an IP address")
    }
    validator.require(!hosts.isEmpty, "\(path).hosts", "the server has no host")
    for (index, host) in hosts.enumerated() {
      Self.validateHost(host, "\(path).hosts[\(index)]", &validator)
    }
    validateTLS(path, &validator)
  }

  private func validatePort(_ path: String, _ validator: inout FieldValidator) {
    guard let port else {
      validator.error("\(path).port", "the port is missing")
      return
    }
    if bind.hasPrefix("unix://") {
      validator.require(
        port.number == 0, "\(path).port.number", "a unix socket has no port", remedy: "use 0")
      let socket = bind.dropFirst("unix://".count)
      validator.require(
        socket.hasPrefix("/") || socket.hasPrefix("@"), "\(path).bind",
        "the socket path is not absolute")
    } else {
      validator.port(port.number, "\(path).port.number")
    }
    validator.require(!port.name.isEmpty, "\(path).port.name", "the port needs a name")
    validator.require(
      NameSyntax.isProtocol(port.protocol), "\(path).port.protocol",
      "\"\(port.protocol.prefix(64))\" is not a known protocol")
    validator.require(
      (port.targetPort ?? 0) == 0, "\(path).port.targetPort", "targetPort is not supported here")
  }

  private func validateTLS(_ path: String, _ validator: inout FieldValidator) {
    let proto = port?.protocol.uppercased() ?? ""
    let isTLS = proto == "HTTPS" || proto == "TLS"
    guard let tls else {
      validator.require(!isTLS, "\(path).tls", "a server for \(proto) needs tls settings")
      return
    }
    if ["HTTP", "HTTP2", "HTTP_PROXY", "GRPC", "GRPC-WEB"].contains(proto) {
      validator.require(
        (tls.mode == .passthrough || tls.mode == .autoPassthrough)
          && tls.serverCertificate.isEmpty && tls.privateKey.isEmpty
          && tls.caCertificates.isEmpty,
        "\(path).tls", "a server for \(proto) can only have httpsRedirect")
      return
    }
    validator.require(
      isTLS, "\(path).tls", "a server for \(proto.prefix(16)) cannot have tls settings")
    if tls.httpsRedirect {
      validator.warning(
        "\(path).tls.httpsRedirect", "httpsRedirect only works on a server for HTTP")
    }
    tls.validate("\(path).tls", &validator)
  }

  /// `[namespace/]name`, where the namespace may be `*` or `.`.
  private static func validateHost(
    _ host: String, _ path: String, _ validator: inout FieldValidator
  ) {
    let parts = host.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let name = parts.last.map(String.init) ?? ""
    if parts.count == 2, parts[0] != "*", parts[0] != "." {
      validator.require(NameSyntax.isDNSLabel(parts[0]), path, "the namespace is malformed")
    }
    if name == "*" || IPSyntax.isAddress(name) { return }
    validator.require(
      NameSyntax.isWildcardDomain(name) && (!name.hasPrefix("*") || name.hasPrefix("*.")), path,
      "\"\(name.prefix(80))\" is not a domain name", remedy: "use a wildcard only as *.")
    validator.require(
      name.contains("."), path, "the short name \"\(name.prefix(80))\" is not allowed here",
      remedy: "write the full domain name")
  }
}

extension ServerTLSSettings {
  func validate(_ path: String, _ validator: inout FieldValidator) {
    let sources = [
      ("credentialName", !credentialName.isEmpty), ("credentialNames", !credentialNames.isEmpty),
      ("tlsCertificates", !tlsCertificates.isEmpty),
      ("serverCertificate", !serverCertificate.isEmpty),
    ].filter(\.1).map(\.0)
    if sources.count > 1 {
      validator.error(path, "only one of \(sources.joined(separator: ", ")) may be set")
    }
    validator.require(
      credentialNames.count <= 2, "\(path).credentialNames", "there are more than 2 credentials")
    validator.require(
      tlsCertificates.count <= 2, "\(path).tlsCertificates", "there are more than 2 certificates")
    for (index, certificate) in tlsCertificates.enumerated() {
      validator.require(
        !certificate.serverCertificate.isEmpty && !certificate.privateKey.isEmpty,
        "\(path).tlsCertificates[\(index)]", "serverCertificate and privateKey are required")
    }
    switch mode {
    case .passthrough, .autoPassthrough:
      if !sources.isEmpty { validator.warning(path, "\(mode.rawValue) does not use a certificate") }
    case .istioMutual:
      validator.require(sources.isEmpty, path, "ISTIO_MUTUAL uses the certificate of the workload")
    case .simple, .mutual, .optionalMutual:
      let hasSecret = sources.contains { $0 != "serverCertificate" }
      if !hasSecret {
        validator.require(
          !serverCertificate.isEmpty, "\(path).serverCertificate",
          "\(mode.rawValue) needs a certificate", remedy: "set credentialName or serverCertificate")
        validator.require(
          !privateKey.isEmpty, "\(path).privateKey", "\(mode.rawValue) needs a private key",
          remedy: "set credentialName or privateKey")
      }
      if mode != .simple, credentialName.isEmpty, credentialNames.isEmpty {
        validator.require(
          !caCertificates.isEmpty, "\(path).caCertificates", "\(mode.rawValue) needs caCertificates"
        )
      }
    }
    if !caCrl.isEmpty {
      validator.require(
        credentialName.isEmpty && mode != .simple, "\(path).caCrl",
        "caCrl cannot be set together with credentialName or SIMPLE")
    }
    if minProtocolVersion == .tls10 || minProtocolVersion == .tls11, cipherSuites.isEmpty {
      validator.warning(
        "\(path).minProtocolVersion", "the default ciphers do not work below TLS 1.2",
        remedy: "set cipherSuites")
    }
    if minProtocolVersion != .tlsAuto, maxProtocolVersion != .tlsAuto {
      let order = TLSProtocolVersion.allCases
      if let low = order.firstIndex(of: minProtocolVersion),
        let high = order.firstIndex(of: maxProtocolVersion)
      {
        validator.require(
          low <= high, "\(path).maxProtocolVersion", "the maximum is below the minimum version")
      }
    }
  }
}
