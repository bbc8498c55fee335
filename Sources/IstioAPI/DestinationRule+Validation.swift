package import StreamingJSON

extension DestinationRule: IstioValidatable {
  /// Applies Istio's rules for DestinationRules.
  package func validate() -> [FieldIssue] {
    var validator = FieldValidator()
    validator.require(!host.isEmpty, "spec.host", "the host is missing", remedy: "name the service")
    if !host.isEmpty { validator.host(host, "spec.host") }
    validator.exportTo(exportTo, "spec.exportTo")
    if let workloadSelector {
      validator.policySelector(workloadSelector.matchLabels, "spec.workloadSelector.matchLabels")
      validator.require(
        exportTo.isEmpty || exportTo == ["."], "spec.exportTo",
        "a rule with a workloadSelector is only visible in its own namespace", remedy: "use \".\"")
    }
    trafficPolicy?.validate("spec.trafficPolicy", &validator)
    var names: Set<String> = []
    for (index, subset) in subsets.enumerated() {
      let path = "spec.subsets[\(index)]"
      validator.dnsLabel(subset.name, "\(path).name")
      validator.require(
        names.insert(subset.name).inserted, "\(path).name",
        "the subset \"\(subset.name.prefix(80))\" is given twice", remedy: "rename one")
      validator.labels(subset.labels, "\(path).labels")
      subset.trafficPolicy?.validate("\(path).trafficPolicy", &validator)
    }
    return validator.issues
  }
}

extension TrafficPolicy {
  func validate(_ path: String, _ validator: inout FieldValidator) {
    validator.require(
      self != TrafficPolicy(), path, "the traffic policy is empty",
      remedy: "set something or remove it")
    validator.require(
      tunnel == nil || proxyProtocol == nil, path, "only one of tunnel and proxyProtocol may be set"
    )
    validateBlocks(
      loadBalancer, connectionPool, outlierDetection, tls, path, &validator)
    validator.require(
      portLevelSettings.count <= 4_096, "\(path).portLevelSettings",
      "there are more than 4096 ports")
    for (index, settings) in portLevelSettings.enumerated() {
      let path = "\(path).portLevelSettings[\(index)]"
      if let port = settings.port {
        validator.port(port.number, "\(path).port.number")
      } else {
        validator.error("\(path).port", "the port is missing")
      }
      validator.require(
        settings != PortTrafficPolicy(port: settings.port), path,
        "the settings of the port are empty")
      validateBlocks(
        settings.loadBalancer, settings.connectionPool, settings.outlierDetection, settings.tls,
        path,
        &validator)
    }
    if let tunnel {
      validator.require(
        ["", "CONNECT", "POST"].contains(tunnel.protocol), "\(path).tunnel.protocol",
        "the protocol must be CONNECT or POST")
      validator.require(
        NameSyntax.isFQDN(tunnel.targetHost) || IPSyntax.isAddress(tunnel.targetHost),
        "\(path).tunnel.targetHost", "the target host is neither a domain name nor an IP address")
      validator.port(tunnel.targetPort, "\(path).tunnel.targetPort")
    }
    if let percent = retryBudget?.percent {
      validator.require(
        (0...100).contains(percent), "\(path).retryBudget.percent",
        "\(percent) is not between 0 and 100")
    }
    validator.duration(
      retryBudget?.budgetInterval, "\(path).retryBudget.budgetInterval", allowsZero: true)
  }
}

private func validateBlocks(
  _ loadBalancer: LoadBalancerSettings?, _ connectionPool: ConnectionPoolSettings?,
  _ outlierDetection: OutlierDetection?, _ tls: ClientTLSSettings?, _ path: String,
  _ validator: inout FieldValidator
) {
  loadBalancer?.validate(
    "\(path).loadBalancer", hasOutlierDetection: outlierDetection != nil, &validator)
  connectionPool?.validate("\(path).connectionPool", &validator)
  outlierDetection?.validate("\(path).outlierDetection", &validator)
  tls?.validate("\(path).tls", &validator)
}

extension ConnectionPoolSettings {
  func validate(_ path: String, _ validator: inout FieldValidator) {
    validator.require(tcp != nil || http != nil, path, "the connection pool needs tcp or http")
    if let tcp {
      let path = "\(path).tcp"
      validator.require(
        (tcp.maxConnections ?? 0) >= 0, "\(path).maxConnections", "the limit is negative")
      validator.duration(tcp.connectTimeout, "\(path).connectTimeout")
      validator.duration(tcp.maxConnectionDuration, "\(path).maxConnectionDuration")
      validator.duration(tcp.idleTimeout, "\(path).idleTimeout", allowsZero: true)
      validator.duration(tcp.tcpKeepalive?.time, "\(path).tcpKeepalive.time")
      validator.duration(tcp.tcpKeepalive?.interval, "\(path).tcpKeepalive.interval")
    }
    guard let http else { return }
    let path = "\(path).http"
    for (name, limit) in [
      ("http1MaxPendingRequests", http.http1MaxPendingRequests),
      ("http2MaxRequests", http.http2MaxRequests),
      ("maxRequestsPerConnection", http.maxRequestsPerConnection), ("maxRetries", http.maxRetries),
      ("maxConcurrentStreams", http.maxConcurrentStreams),
    ] {
      validator.require((limit ?? 0) >= 0, "\(path).\(name)", "the limit is negative")
    }
    validator.duration(http.idleTimeout, "\(path).idleTimeout")
    validator.require(
      http.h2UpgradePolicy != .upgrade || !http.useClientProtocol, path,
      "useClientProtocol cannot be set together with h2UpgradePolicy UPGRADE")
    if let keepAlive = http.http2KeepAlive {
      for (name, value) in [("interval", keepAlive.interval), ("timeout", keepAlive.timeout)] {
        validator.require(value != nil, "\(path).http2KeepAlive.\(name)", "the \(name) is missing")
        validator.duration(value, "\(path).http2KeepAlive.\(name)")
      }
    }
  }
}

extension OutlierDetection {
  func validate(_ path: String, _ validator: inout FieldValidator) {
    if consecutiveErrors != nil {
      validator.warning(
        "\(path).consecutiveErrors", "consecutiveErrors is ignored",
        remedy: "use consecutiveGatewayErrors or consecutive5xxErrors")
    }
    validator.duration(interval, "\(path).interval")
    validator.duration(baseEjectionTime, "\(path).baseEjectionTime")
    for (name, percent) in [
      ("maxEjectionPercent", maxEjectionPercent), ("minHealthPercent", minHealthPercent),
    ] {
      validator.require(
        (0...100).contains(percent ?? 0), "\(path).\(name)",
        "the percentage is not between 0 and 100")
    }
    if (consecutiveLocalOriginFailures ?? 0) > 0 {
      validator.require(
        splitExternalLocalOriginErrors, "\(path).consecutiveLocalOriginFailures",
        "local failures are not counted apart", remedy: "set splitExternalLocalOriginErrors")
    }
    for (index, status) in outlierDetectionHttpErrorCodes.enumerated() {
      validator.require(
        (100...599).contains(status), "\(path).outlierDetectionHttpErrorCodes[\(index)]",
        "\(status) is not an HTTP status")
    }
  }
}

extension ClientTLSSettings {
  func validate(_ path: String, _ validator: inout FieldValidator) {
    let files = [
      ("clientCertificate", clientCertificate), ("privateKey", privateKey),
      ("caCertificates", caCertificates), ("caCrl", caCrl),
    ]
    if !credentialName.isEmpty {
      for (name, file) in files where !file.isEmpty {
        validator.error("\(path).\(name)", "\(name) cannot be set together with credentialName")
      }
    } else if mode == .mutual {
      for (name, file) in files.prefix(2) where file.isEmpty {
        validator.error(
          "\(path).\(name)", "\(name) is required for MUTUAL", remedy: "set it or credentialName")
      }
    }
    guard insecureSkipVerify == true else { return }
    for (name, isSet) in [
      ("caCertificates", !caCertificates.isEmpty), ("subjectAltNames", !subjectAltNames.isEmpty),
      ("credentialName", mode == .simple && !credentialName.isEmpty),
    ] where isSet {
      validator.error("\(path).\(name)", "\(name) cannot be set together with insecureSkipVerify")
    }
  }
}
