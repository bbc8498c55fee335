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

extension WorkloadMutualTLS {
  /// What takes the clients of both: servers demand no more than this while clients go over from the
  /// one to the other.
  func widened(toInclude old: WorkloadMutualTLS) -> WorkloadMutualTLS {
    var widened = self
    widened.mode = mode.widened(toInclude: old.mode)
    for port in Set(ports.keys).union(old.ports.keys) {
      widened.ports[port] = self[port].widened(toInclude: old[port])
    }
    return widened
  }
}

extension MutualTLSRequirement {
  fileprivate func widened(toInclude old: MutualTLSRequirement) -> MutualTLSRequirement {
    switch (old, self) {
    case (.permissive, .strict): .strict  // Clients of the mesh use mutual TLS already.
    case _ where old == self: self
    default: .permissive
    }
  }
}

/// Finds the requirement: the workload's policy before the namespace's before the mesh's, the oldest
/// of each.
enum PeerAuthenticationResolution {
  /// Which policies are asked.
  enum Phase {
    /// Those that are to be in force, by which clients act as soon as they can.
    case present
    /// Those that clients may still act by.
    case retiring
  }

  /// What a server demands: while policies change, no more than clients of either kind can give.
  static func server(
    namespace: String, labels: [String: String], _ reader: inout SnapshotReader
  ) -> WorkloadMutualTLS {
    let old = workload(namespace: namespace, labels: labels, phase: .retiring, &reader)
    return workload(namespace: namespace, labels: labels, &reader).widened(toInclude: old)
  }

  static func workload(
    namespace: String, labels: [String: String], phase: Phase = .present,
    _ reader: inout SnapshotReader
  ) -> WorkloadMutualTLS {
    var resolved = namespaceMode(namespace, phase: phase, &reader)
    let own = policies(namespace, phase, &reader).first { policy in
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
    _ namespace: String, phase: Phase = .present, _ reader: inout SnapshotReader
  ) -> WorkloadMutualTLS {
    let root = reader.meshConfig().rootNamespace
    var resolved = WorkloadMutualTLS(mode: .permissive)
    for owner in namespace == root ? [root] : [root, namespace] {
      let policy = policies(owner, phase, &reader).first {
        $0.spec.selector?.matchLabels.isEmpty ?? true
      }
      guard let policy else { continue }
      resolved.sources.append(policy.key)
      resolved.mode = MutualTLSRequirement(policy.spec.mtls?.mode) ?? resolved.mode
    }
    return resolved
  }

  private static func policies(
    _ namespace: String, _ phase: Phase, _ reader: inout SnapshotReader
  ) -> [Configuration<PeerAuthentication>] {
    switch phase {
    case .present: reader.peerAuthentications(inNamespace: namespace)
    case .retiring: reader.retiringPeerAuthentications(inNamespace: namespace)
    }
  }
}
