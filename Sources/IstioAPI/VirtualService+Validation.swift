package import StreamingJSON

extension VirtualService: IstioValidatable {
  /// Applies Istio's rules for VirtualServices.
  package func validate() -> [FieldIssue] {
    var validator = FieldValidator()
    validator.require(
      !http.isEmpty || !tls.isEmpty || !tcp.isEmpty, "spec", "http, tls and tcp are all empty",
      remedy: "add a rule")
    validator.exportTo(exportTo, "spec.exportTo")
    validateGateways(gateways, "spec.gateways", &validator)
    if hosts.isEmpty {
      // A delegate: another VirtualService decides when it applies.
      validator.require(
        gateways.isEmpty, "spec.gateways", "a VirtualService without hosts cannot have gateways")
      validator.require(
        tls.isEmpty, "spec.tls", "a VirtualService without hosts cannot have tls rules")
      validator.require(
        tcp.isEmpty, "spec.tcp", "a VirtualService without hosts cannot have tcp rules")
    }
    validateHosts(&validator)
    for (index, route) in http.enumerated() {
      route.validate(
        "spec.http[\(index)]", isDelegate: hosts.isEmpty, boundToMesh: isBoundToMesh, &validator)
    }
    for (index, route) in tls.enumerated() {
      route.validate("spec.tls[\(index)]", hosts: hosts, &validator)
    }
    for (index, route) in tcp.enumerated() { route.validate("spec.tcp[\(index)]", &validator) }
    return validator.issues
  }

  private var isBoundToMesh: Bool { gateways.isEmpty || gateways.contains("mesh") }

  private func validateHosts(_ validator: inout FieldValidator) {
    let all = Set(hosts)
    var seen: Set<String> = []
    for (index, host) in hosts.enumerated() {
      let path = "spec.hosts[\(index)]"
      validator.host(host, path)
      if host == "*" {
        validator.require(
          !isBoundToMesh, path, "the host * cannot be bound to the mesh gateway",
          remedy: "name a gateway in spec.gateways, or name the hosts")
      }
      guard seen.insert(host).inserted else {
        validator.error(
          path, "the host \"\(host.prefix(80))\" is given twice", remedy: "remove one")
        continue
      }
      if let wider = Self.widerHost(of: host, in: all) {
        validator.error(
          path, "the host \"\(host.prefix(80))\" is covered by \"\(wider.prefix(80))\"",
          remedy: "remove one of the two")
      }
    }
  }

  /// A wildcard among `hosts` that covers `host`.
  private static func widerHost(of host: String, in hosts: Set<String>) -> String? {
    if host != "*", hosts.contains("*") { return "*" }
    var rest = Substring(host.hasPrefix("*.") ? String(host.dropFirst(2)) : host)
    while let dot = rest.firstIndex(of: ".") {
      rest = rest[rest.index(after: dot)...]
      let wildcard = "*.\(rest)"
      if wildcard != host, hosts.contains(wildcard) { return wildcard }
    }
    return nil
  }
}

func validateGateways(_ gateways: [String], _ path: String, _ validator: inout FieldValidator) {
  for (index, gateway) in gateways.enumerated() {
    let parts = gateway.split(separator: "/", omittingEmptySubsequences: false)
    let isValid =
      parts.count == 2
      ? parts.allSatisfy { NameSyntax.isDNSLabel($0) }
      : parts.count == 1 && NameSyntax.isFQDN(gateway)
    validator.require(
      isValid, "\(path)[\(index)]", "\"\(gateway.prefix(80))\" does not name a gateway",
      remedy: "write namespace/name, a name, or mesh")
  }
}

extension TLSRoute {
  func validate(_ path: String, hosts: [String], _ validator: inout FieldValidator) {
    validator.require(!match.isEmpty, "\(path).match", "a tls rule needs a match")
    for (index, match) in match.enumerated() {
      let path = "\(path).match[\(index)]"
      validator.require(
        !match.sniHosts.isEmpty, "\(path).sniHosts", "a tls match needs an SNI host")
      for (index, sni) in match.sniHosts.enumerated() {
        validateSNI(sni, "\(path).sniHosts[\(index)]", hosts: hosts, &validator)
      }
      for (index, subnet) in match.destinationSubnets.enumerated() {
        validator.addressOrNetwork(subnet, "\(path).destinationSubnets[\(index)]")
      }
      if let port = match.port, port != 0 { validator.port(port, "\(path).port") }
      validator.labels(match.sourceLabels, "\(path).sourceLabels")
      validateGateways(match.gateways, "\(path).gateways", &validator)
    }
    validateRouteDestinations(route, "\(path).route", &validator)
  }

  private func validateSNI(
    _ sni: String, _ path: String, hosts: [String], _ validator: inout FieldValidator
  ) {
    if IPSyntax.isAddress(sni) {
      validator.warning(path, "an SNI name is never an IP address")
      return
    }
    if sni.hasPrefix("outbound_.") { return }
    guard NameSyntax.isWildcardDomain(sni) else {
      validator.error(path, "\"\(sni.prefix(80))\" is not a domain name")
      return
    }
    let isCovered = hosts.contains { host in
      host == "*" || host == sni
        || (host.hasPrefix("*.") && (sni.hasSuffix(host.dropFirst()) || sni == host))
        || (host.hasPrefix("*") && sni.hasSuffix(host.dropFirst()))
    }
    validator.require(
      isCovered, path, "the SNI host \"\(sni.prefix(80))\" is not covered by spec.hosts",
      remedy: "add it to spec.hosts")
  }
}

extension TCPRoute {
  func validate(_ path: String, _ validator: inout FieldValidator) {
    for (index, match) in match.enumerated() {
      let path = "\(path).match[\(index)]"
      for (index, subnet) in match.destinationSubnets.enumerated() {
        validator.addressOrNetwork(subnet, "\(path).destinationSubnets[\(index)]")
      }
      if let port = match.port, port != 0 { validator.port(port, "\(path).port") }
      validator.labels(match.sourceLabels, "\(path).sourceLabels")
      validateGateways(match.gateways, "\(path).gateways", &validator)
    }
    validateRouteDestinations(route, "\(path).route", &validator)
  }
}

private func validateRouteDestinations(
  _ routes: [RouteDestination], _ path: String, _ validator: inout FieldValidator
) {
  validator.require(!routes.isEmpty, path, "the rule needs a destination")
  validateWeights(routes.map(\.weight), path, &validator)
  for (index, route) in routes.enumerated() {
    validateDestination(route.destination, "\(path)[\(index)].destination", &validator)
  }
}

func validateWeights(_ weights: [Int32], _ path: String, _ validator: inout FieldValidator) {
  for (index, weight) in weights.enumerated() {
    validator.require(weight >= 0, "\(path)[\(index)].weight", "the weight is negative")
  }
  if weights.count > 1, weights.allSatisfy({ $0 == 0 }) {
    validator.error(path, "the weights sum to 0", remedy: "give at least one a weight above 0")
  }
  let sum = weights.reduce(Int64(0)) { $0 + Int64(max(0, $1)) }
  validator.require(sum <= Int64(UInt32.max), path, "the weights sum to more than 4294967295")
}

func validateDestination(
  _ destination: Destination?, _ path: String, _ validator: inout FieldValidator
) {
  guard let destination else {
    validator.error(path, "the destination is missing")
    return
  }
  if destination.host == "*" {
    validator.error("\(path).host", "a destination cannot be the host *")
  } else {
    validator.host(destination.host, "\(path).host")
  }
  if !destination.subset.isEmpty { validator.dnsLabel(destination.subset, "\(path).subset") }
  if let port = destination.port { validator.port(port.number, "\(path).port.number") }
}
