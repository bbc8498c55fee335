/// The schema of Sidecar, field by field; the descriptions are what `kubectl explain` prints.
extension StructuralSchema {
  static let sidecar: Self = .object(
    [
      "egress": .list(.egressListener).about("What this proxy may reach."),
      "inboundConnectionPool": .connectionPool.about("Inbound limits."),
      "ingress": .list(.ingressListener).about("Explicit inbound listeners."),
      "outboundTrafficPolicy": .outboundTrafficPolicy.about("Unknown-destination policy."),
      "workloadSelector": .labelSelector.about("Workloads in scope."),
    ])

  static let outboundTrafficPolicy: Self = .object(
    [
      "egressProxy": .destination.about("hidden: send unknown traffic to an egress service."),
      "mode": .choice("REGISTRY_ONLY", "ALLOW_ANY").about("Policy."),
    ])

  static let ingressListener: Self = .object(
    [
      "bind": .text.about("Listen IP."),
      "captureMode": .choice("DEFAULT", "IPTABLES", "NONE").about("IPTABLES / NONE."),
      "connectionPool": .connectionPool.about("Inbound limits per port."),
      "defaultEndpoint": .text.about("127.0.0.1:p, [::1]:p, 0.0.0.0:p, [::]:p, unix:///path."),
      "port": .sidecarPort.about("Listener port."),
      "tls": .serverTLSSettings.about("Terminate non-mesh TLS at sidecar."),
    ], required: ["port"])

  static let egressListener: Self = .object(
    [
      "bind": .text.about("Listen IP or UDS."),
      "captureMode": .choice("DEFAULT", "IPTABLES", "NONE").about("Capture."),
      "hosts": .list(.text).about("`ns/dnsName`; ns `*`, `.`, `~`; leading `~ns` excludes (1.31)."),
      "port": .sidecarPort.about("Explicit listener."),
    ], required: ["hosts"])

  static let sidecarPort: Self = .object(
    [
      "name": .text.about("Name."),
      "number": .unsigned.about("Port."),
      "protocol": .text.about("Protocol."),
      "targetPort": .unsigned.about("Deprecated."),
    ])
}
