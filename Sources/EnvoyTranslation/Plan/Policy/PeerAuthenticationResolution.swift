internal import IstioAPI
internal import MeshModel

/// What a proxy demands of its peers (contract §7.3).
enum MutualTLSRequirement: String, Hashable, Sendable {
  case disable
  case permissive
  case strict

  init?(_ mode: MutualTLSMode?) {
    switch mode {
    case .disable?: self = .disable
    case .permissive?: self = .permissive
    case .strict?: self = .strict
    case .unset?, nil: return nil
    }
  }
}

/// The requirement of a workload, with exceptions by workload port.
struct WorkloadMutualTLS: Hashable, Sendable {
  var mode: MutualTLSRequirement
  var ports: [UInt32: MutualTLSRequirement] = [:]
  var sources: [ConfigKey] = []

  subscript(port: UInt32) -> MutualTLSRequirement { ports[port] ?? mode }
}

/// Finds the requirement: the workload's policy before the namespace's before the mesh's, the oldest
/// of each.
enum PeerAuthenticationResolution {
  static func workload(
    namespace: String, labels: [String: String], _ reader: inout SnapshotReader
  ) -> WorkloadMutualTLS {
    var resolved = namespaceMode(namespace, &reader)
    let own = reader.peerAuthentications(inNamespace: namespace).first { policy in
      guard let selector = policy.spec.selector, !selector.matchLabels.isEmpty else { return false }
      return labels.isSelected(by: selector.matchLabels)
    }
    let root = reader.meshConfig().rootNamespace
    guard let own, namespace != root else { return resolved }
    resolved.sources.append(own.key)
    resolved.mode = MutualTLSRequirement(own.spec.mtls?.mode) ?? resolved.mode
    for (port, tls) in own.spec.portLevelMtls ?? [:] {
      guard let number = UInt32(port) else { continue }
      resolved.ports[number] = MutualTLSRequirement(tls.mode) ?? resolved.mode
    }
    return resolved
  }

  /// The requirement of a namespace's workloads without their own policies, as clients infer it.
  static func namespaceMode(
    _ namespace: String, _ reader: inout SnapshotReader
  ) -> WorkloadMutualTLS {
    let root = reader.meshConfig().rootNamespace
    var resolved = WorkloadMutualTLS(mode: .permissive)
    for owner in namespace == root ? [root] : [root, namespace] {
      let policy = reader.peerAuthentications(inNamespace: owner).first {
        $0.spec.selector?.matchLabels.isEmpty ?? true
      }
      guard let policy else { continue }
      resolved.sources.append(policy.key)
      resolved.mode = MutualTLSRequirement(policy.spec.mtls?.mode) ?? resolved.mode
    }
    return resolved
  }
}
