/// The schema of PeerAuthentication, field by field; the descriptions are what `kubectl explain` prints.
extension StructuralSchema {
  static let peerAuthentication: Self = .object(
    [
      "mtls": .mutualTLS.about("mTLS block."),
      "portLevelMtls": .map(.mutualTLS, count: 1...).about("Workload port → mode."),
      "selector": .workloadSelector.about(
        "Server workloads in scope; selector policies in root ns are ignored."),
    ])

  static let mutualTLS: Self = .object(
    [
      "mode": .choice("UNSET", "DISABLE", "PERMISSIVE", "STRICT").about(
        "DISABLE / PERMISSIVE / STRICT.")
    ])
}
