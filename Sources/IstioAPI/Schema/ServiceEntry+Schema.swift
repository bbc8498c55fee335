/// The schema of ServiceEntry, field by field; the descriptions are what `kubectl explain` prints.
extension StructuralSchema {
  static let serviceEntry: Self = .object(
    [
      "addresses": .list(.text(length: ...64), count: ...256).about("VIPs / CIDRs."),
      "endpoints": .list(.workloadEntry, count: ...4096).about("Inline workloads."),
      "exportTo": .list(.text).about("Visibility (`~` allowed here, alone)."),
      "hosts": .list(.text, count: 1...256).about(
        "DNS names added to registry; also SNI/Host match."),
      "location": .choice("MESH_EXTERNAL", "MESH_INTERNAL").about(
        "In or out of mesh (mTLS, telemetry)."),
      "ports": .list(.servicePort, count: ...256).about("Service ports."),
      "resolution": .choice("NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS").about(
        "NONE, STATIC, DNS, DNS_ROUND_ROBIN, DYNAMIC_DNS."),
      "subjectAltNames": .list(.text).about("Server SANs to verify."),
      "workloadSelector": .labelSelector.about("Pick pods / WorkloadEntries."),
    ], required: ["hosts"])

  static let servicePort: Self = .object(
    [
      "name": .text(length: ...256).about("Port name."),
      "number": .unsigned.about("Port."),
      "protocol": .text(length: ...256).about("Protocol."),
      "targetPort": .unsigned.about("Endpoint port."),
    ], required: ["name", "number"])
}
