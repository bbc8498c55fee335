internal import IstioAPI
internal import MeshModel

/// A listener of a Sidecar's egress, or the one that stands for the lack of a Sidecar.
struct EgressListener: Hashable, Sendable {
  /// The port; nil takes the ports of all services it imports.
  var port: UInt32?
  var protocolKind: PortProtocol
  /// The address; empty for the default.
  var bind: String
  var isCaptured: Bool
  /// The hosts that it imports, each with the namespace they come from.
  var imports: [Import]

  struct Import: Hashable, Sendable {
    /// `*`, `.` for the proxy's own, `~` for none, or a name.
    var namespace: String
    var host: String

    func covers(_ service: MeshService, _ reader: inout SnapshotReader) -> Bool {
      switch namespace {
      case "~": return false
      case "*": break
      case ".": guard reader.isOwn(service.id.namespace) else { return false }
      default: guard service.id.namespace == namespace else { return false }
      }
      return HostPattern.matches(host, service.hostname)
    }

    func covers(
      host other: String, namespace owner: String, _ reader: inout SnapshotReader
    ) -> Bool {
      switch namespace {
      case "~": return false
      case "*": break
      case ".": guard reader.isOwn(owner) else { return false }
      default: guard owner == namespace else { return false }
      }
      return HostPattern.intersection(host, other) != nil
    }
  }

  func imports(_ service: MeshService, _ reader: inout SnapshotReader) -> Bool {
    for rule in imports where rule.covers(service, &reader) { return true }
    return false
  }
}

enum EgressListeners {
  /// The egress listeners of a proxy, those with a port first.
  static func resolve(
    _ scope: OutboundScope, _ reader: inout SnapshotReader
  ) -> (listeners: [EgressListener], sidecar: Configuration<Sidecar>?) {
    let sidecar = scope.sidecar.flatMap { key in
      reader.sidecars(inNamespace: key.namespace).first { $0.key == key }
    }
    let declared = sidecar?.spec.egress ?? []
    guard !declared.isEmpty else {
      let everything = EgressListener.Import(namespace: "*", host: "*")
      let listener = EgressListener(
        port: nil, protocolKind: .undeclared, bind: "", isCaptured: scope.interception != .none,
        imports: [everything])
      return ([listener], sidecar)
    }
    let listeners = declared.map { listener(from: $0, scope) }
    return (listeners.filter { $0.port != nil } + listeners.filter { $0.port == nil }, sidecar)
  }

  private static func listener(
    from egress: IstioEgressListener, _ scope: OutboundScope
  ) -> EgressListener {
    let isCaptured: Bool =
      switch egress.captureMode {
      case .defaulted: scope.interception != .none
      case .iptables: true
      case .none: false
      }
    return EgressListener(
      port: egress.port?.number, protocolKind: PortProtocol(istio: egress.port?.protocol ?? ""),
      bind: egress.bind, isCaptured: isCaptured, imports: egress.hosts.map(importRule))
  }

  private static func importRule(_ host: String) -> EgressListener.Import {
    let parts = host.split(separator: "/", maxSplits: 1).map(String.init)
    guard parts.count == 2, let namespace = parts.first, let name = parts.last else {
      return EgressListener.Import(namespace: "*", host: host.lowercased())
    }
    return EgressListener.Import(namespace: namespace, host: name.lowercased())
  }
}
