internal import StreamingJSON

/// The init container that brings the pod's connections to the proxy.
enum TrafficRedirection {
  private static let prefix = "traffic.sidecar.istio.io/"

  /// The container; nil when nothing is redirected.
  static func container(_ context: InjectionContext) throws(InjectionError) -> JSONValue? {
    guard context.interceptionMode != "NONE" else { return nil }
    let proxy = context.configuration.proxy
    let usesCNI = context.configuration.redirection.usesCNI
    var container: JSONValue = [
      "name": .string(usesCNI ? PodParts.validationName : PodParts.initName),
      "image": .string(ProxyImage.initialization(context)),
    ]
    if let policy = proxy.imagePullPolicy { container["imagePullPolicy"] = .string(policy) }
    container["args"] = .array(try arguments(context).map { .string($0) })
    container["resources"] = try ProxyResources.make(context)
    container["securityContext"] = usesCNI ? unprivileged(proxy.userID) : privileged
    return container
  }

  private static func arguments(_ context: InjectionContext) throws(InjectionError) -> [String] {
    let annotations = context.annotations
    let settings = context.configuration.redirection
    let includedRanges = try ranges("includeOutboundIPRanges", annotations, allowsAll: true)
    let excludedRanges = try ranges("excludeOutboundIPRanges", annotations, allowsAll: false)
    let inbound = try ports("includeInboundPorts", annotations, allowsAll: true)
    let excludedInbound = try ports("excludeInboundPorts", annotations, allowsAll: false)
    let outbound = try ports("includeOutboundPorts", annotations, allowsAll: false)
    let excludedOutbound = try ports("excludeOutboundPorts", annotations, allowsAll: false)
    var arguments = [
      "istio-iptables", "-p", "15001", "-z", "15006", "-u",
      String(context.configuration.proxy.userID), "-m", context.interceptionMode, "-i",
      includedRanges ?? settings.includedOutboundRanges, "-x",
      excludedRanges ?? settings.excludedOutboundRanges, "-b",
      inbound ?? settings.includedInboundPorts, "-d",
      withoutProxy(excludedInbound ?? settings.excludedInboundPorts, context.statusPort),
    ]
    for (flag, value) in [
      ("-q", outbound ?? settings.includedOutboundPorts),
      ("-o", excludedOutbound ?? settings.excludedOutboundPorts),
      ("-k", try interfaces("kubevirtInterfaces", annotations)),
      ("-c", try interfaces("excludeInterfaces", annotations)),
    ] where !value.isEmpty {
      arguments += [flag, value]
    }
    let level =
      annotations[InjectionAnnotation.agentLogLevel] ?? context.configuration.proxy.agentLogLevel
    arguments.append("--log_output_level=\(level)")
    if settings.usesCNI { arguments += ["--run-validation", "--skip-rule-apply"] }
    return arguments
  }

  /// The ports of the proxy itself and of the agent are never redirected.
  private static func withoutProxy(_ excluded: String, _ statusPort: Int64) -> String {
    var ports = ["15090", "15021"]
    let further = excluded.split(separator: ",").map(String.init) + [String(statusPort)]
    for port in further where port != "0" && !ports.contains(port) { ports.append(port) }
    return ports.joined(separator: ",")
  }

  private static let privileged: JSONValue = [
    "allowPrivilegeEscalation": false,
    "capabilities": ["add": ["NET_ADMIN", "NET_RAW"], "drop": ["ALL"]],
    "privileged": false, "readOnlyRootFilesystem": false, "runAsGroup": 0,
    "runAsNonRoot": false, "runAsUser": 0,
  ]

  private static func unprivileged(_ user: Int64) -> JSONValue {
    [
      "allowPrivilegeEscalation": false, "capabilities": ["drop": ["ALL"]], "privileged": false,
      "readOnlyRootFilesystem": true, "runAsGroup": .integer(user), "runAsNonRoot": true,
      "runAsUser": .integer(user),
    ]
  }

  // MARK: Annotations

  private static func ports(
    _ name: String, _ annotations: PodAnnotations, allowsAll: Bool
  ) throws(InjectionError) -> String? {
    try list(name, annotations, allowsAll: allowsAll, noun: "ports") { UInt16($0) != nil }
  }

  private static func ranges(
    _ name: String, _ annotations: PodAnnotations, allowsAll: Bool
  ) throws(InjectionError) -> String? {
    try list(name, annotations, allowsAll: allowsAll, noun: "CIDR blocks") { text in
      let parts = text.split(separator: "/", omittingEmptySubsequences: false)
      return parts.count == 2 && UInt8(parts[1]).map { $0 <= 128 } == true && !parts[0].isEmpty
        && parts[0].allSatisfy { $0.isHexDigit || $0 == "." || $0 == ":" }
    }
  }

  private static func interfaces(
    _ name: String, _ annotations: PodAnnotations
  ) throws(InjectionError) -> String {
    try list(name, annotations, allowsAll: false, noun: "interfaces") { text in
      text.utf8.count <= 15 && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x2F }
    } ?? ""
  }

  /// A comma-separated list in an annotation, without the blanks in it.
  private static func list(
    _ name: String, _ annotations: PodAnnotations, allowsAll: Bool, noun: String,
    isValid: (Substring) -> Bool
  ) throws(InjectionError) -> String? {
    guard let text = annotations[prefix + name] else { return nil }
    let plain = text.filter { $0 != " " }
    if plain == "*", allowsAll { return plain }
    let entries = plain.split(separator: ",")
    guard let bad = entries.first(where: { !isValid($0) }) else {
      return entries.joined(separator: ",")
    }
    throw annotations.fault(
      prefix + name, "\"\(bad.prefix(64))\" does not belong into a list of \(noun)",
      remedy: "write \(noun) with commas between\(allowsAll ? ", or *" : "")")
  }
}
