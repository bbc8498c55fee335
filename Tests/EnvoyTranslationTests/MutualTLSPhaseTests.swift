import EnvoyTranslation
import MeshStore
import MeshTesting
import StreamingJSON
import Testing
import XDSProtocol

/// A server takes clients of the old and of the new policy until the change is retired.
struct MutualTLSPhaseTests {
  static let service = """
    apiVersion: v1
    kind: Service
    metadata: {name: server, namespace: default}
    spec: {clusterIP: 10.96.0.1, selector: {app: server}, ports: [{name: http, port: 80}]}
    ---
    apiVersion: v1
    kind: Pod
    metadata: {name: server, namespace: default, labels: {app: server}}
    spec: {containers: [{name: app}]}
    status: {phase: Running, podIP: 10.44.0.12, podIPs: [{ip: 10.44.0.12}]}
    """

  static func policy(_ mode: String) -> String {
    """
    apiVersion: security.istio.io/v1
    kind: PeerAuthentication
    metadata: {name: default, namespace: default}
    spec: {mtls: {mode: \(mode)}}
    """
  }

  @Test(arguments: [
    ("STRICT", "DISABLE", ["raw_buffer", "tls"], ["raw_buffer"]),
    ("DISABLE", "STRICT", ["raw_buffer", "tls"], ["tls"]),
    ("PERMISSIVE", "DISABLE", ["raw_buffer", "tls"], ["raw_buffer"]),
    ("PERMISSIVE", "STRICT", ["tls"], ["tls"]),
    ("STRICT", "PERMISSIVE", ["raw_buffer", "tls"], ["raw_buffer", "tls"]),
    ("DISABLE", "DISABLE", ["raw_buffer"], ["raw_buffer"]),
  ])
  func phases(old: String, new: String, during: [String], after: [String]) async throws {
    let mesh = try MeshDocuments(Self.service + "\n---\n" + Self.policy(old))
    let translation = MeshTranslation(snapshot: mesh.snapshot)
    _ = mesh.store.takeChanges()
    let proxy = await translation.open(
      try ProxyNodes.node(name: "server", address: "10.44.0.12", labels: ["app": "server"])
    ) {}
    mesh.store.beginPhases()
    func change(_ body: () throws -> Void) rethrows {
      try body()
      if let (snapshot, changes) = mesh.store.takeChanges() {
        translation.update(to: snapshot, changes)
      }
    }
    try change { try mesh.apply(Self.policy(new)) }
    #expect(Self.transports(proxy.current()) == during)
    // A change that has been overtaken retires nothing.
    change {
      mesh.store.retirePeerAuthentications(at: mesh.snapshot.peerAuthenticationRevision &+ 1)
    }
    #expect(Self.transports(proxy.current()) == during)
    change {
      mesh.store.retirePeerAuthentications(at: mesh.snapshot.peerAuthenticationRevision)
    }
    #expect(Self.transports(proxy.current()) == after)
    #expect(mesh.snapshot.namespacesInTransition.isEmpty)
  }

  /// What the chains of the application's port take.
  private static func transports(_ state: ResourceState) -> [String] {
    guard let listener = state[.listener, "virtualInbound"] else { return [] }
    let chains = EnvoyValidation.json(listener)["filter_chains"]?.arrayValue ?? []
    let matches = chains.compactMap { $0["filter_chain_match"] }
      .filter { $0["destination_port"] == 80 }
    return Set(matches.compactMap { $0["transport_protocol"]?.stringValue }).sorted()
  }
}
