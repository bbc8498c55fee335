import EnvoyTranslation
import MeshModel
import MeshStore
import MeshTesting
import Testing
import XDSProtocol

/// After every edit the incremental result equals one made from scratch, byte for byte.
struct ShadowTests {
  private static let proxies = try? [
    ProxyNodes.node(name: "web", namespace: "ns-0", address: "10.0.0.1", labels: ["app": "svc-0"]),
    ProxyNodes.node(name: "web", namespace: "ns-1", address: "10.0.1.1", labels: ["app": "svc-1"]),
    ProxyNodes.node(
      name: "old", namespace: "ns-0", address: "10.0.0.2", labels: ["app": "svc-2"],
      isDelta: false),
    ProxyNodes.node(
      name: "istio", namespace: "ns-1", address: "10.0.1.2", extensions: ["istio.alpn"]),
    gateway(), gateway(isDelta: false),
    ProxyNodes.node(
      name: "bare", namespace: "ns-1", address: "10.0.1.3", labels: ["app": "svc-3"],
      metadata: ["INTERCEPTION_MODE": "NONE"]),
  ]

  /// A gateway that proved who it is, so that it gets secrets.
  private static func gateway(isDelta: Bool = true) throws -> ProxyNode {
    var node = try ProxyNodes.node(
      type: "router", name: "gw", namespace: "ns-0", address: "10.0.0.3",
      labels: ["istio": "ingressgateway"], isDelta: isDelta)
    node.verifiedIdentity = "spiffe://cluster.local/ns/ns-0/sa/gw"
    return node
  }

  @Test(
    "Two hundred random sequences of edits leave what a new control plane would make",
    arguments: 0..<20)
  func randomEdits(seed: UInt64) async throws {
    let proxies = try #require(Self.proxies)
    var generator = SplitMix64(state: seed &* 0x9E37_79B9)
    for _ in 0..<10 {
      let mesh = MeshDocuments()
      let incremental = MeshTranslation(snapshot: mesh.snapshot)
      var handles: [any ProxyResources] = []
      for proxy in proxies { handles.append(await incremental.open(proxy) {}) }
      var states = handles.map { $0.current() }
      if Bool.random(using: &generator) { mesh.store.beginPhases() }
      for _ in 0..<Int.random(in: 4...12, using: &generator) {
        let edit = RandomEdits.next(&generator)
        if Int.random(in: 0..<4, using: &generator) == 0 {
          mesh.store.retirePeerAuthentications(at: mesh.snapshot.peerAuthenticationRevision)
        }
        if edit.isDeletion { try mesh.delete(edit.yaml) } else { try mesh.apply(edit.yaml) }
        if let (snapshot, changes) = mesh.store.takeChanges() {
          incremental.update(to: snapshot, changes)
        }
        try await compare(
          incremental: handles, &states, proxies, snapshot: mesh.snapshot, after: edit.yaml)
      }
    }
  }

  private func compare(
    incremental: [any ProxyResources], _ states: inout [ResourceState], _ proxies: [ProxyNode],
    snapshot: MeshSnapshot, after edit: String
  ) async throws {
    let scratch = MeshTranslation(snapshot: snapshot)
    for (index, proxy) in proxies.enumerated() {
      let expected = Self.bytes(await scratch.open(proxy) {}.current())
      let state = incremental[index].current()
      let actual = Self.bytes(state)
      #expect(
        Set(actual.keys) == Set(expected.keys), "names for \(proxy.id) after \(edit)")
      for (name, bytes) in expected where actual[name] != bytes {
        Issue.record("\(name) differs for \(proxy.id) after \(edit)")
      }
      // What the log of changes says has to lead from the state before to the state after.
      var replayed = Self.versions(states[index])
      for change in incremental[index].changes(from: states[index], to: state) {
        replayed["\(change.type.shortName) \(change.name)"] = change.new?.version
      }
      #expect(replayed == Self.versions(state), "changes for \(proxy.id) after \(edit)")
      states[index] = state
    }
  }

  private static func bytes(_ state: ResourceState) -> [String: [UInt8]] {
    var bytes: [String: [UInt8]] = [:]
    for type in ResourceType.allCases {
      for resource in state.all(type) {
        bytes["\(type.shortName) \(resource.name)"] = resource.deltaEntry
      }
    }
    return bytes
  }

  private static func versions(_ state: ResourceState) -> [String: String] {
    var versions: [String: String] = [:]
    for type in ResourceType.allCases {
      for resource in state.all(type) {
        versions["\(type.shortName) \(resource.name)"] = resource.version
      }
    }
    return versions
  }
}
