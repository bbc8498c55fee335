import StreamingJSON
import Testing

extension EndToEnd {
  /// Weights of a VirtualService, and what changing them does to a running Envoy.
  @Suite(
    .serialized,
    .mesh([
      .init("client", app: "client"), .init("reviews-v1", app: "reviews"),
      .init("reviews-v2", app: "reviews", version: "v2"),
    ]))
  struct SplitTests {
    let mesh: RunningMesh

    init() throws {
      mesh = try #require(RunningMesh.current)
    }

    @Test(.timeLimit(.minutes(1)))
    func `10,000 requests split as the weights say, and a change under load hurts nobody`()
      async throws
    {
      let client = try mesh["client"]
      try mesh.apply(Self.weights(90, 10), as: "reviews")
      try await eventually("both versions answer by the weights") {
        guard try await self.weightIs(90) else { return false }
        return try await client.ask("reviews", count: 40).names.count == 2
      }
      let tally = try await client.ask("reviews", count: 10_000)
      #expect(tally.failures == 0, "\(tally)")
      let second = tally.names["reviews-v2"] ?? 0
      let likelihood = binomialTest(successes: second, of: 10_000, probability: 0.1)
      print("split 90/10: \(second) of 10,000 to v2, p = \(likelihood)")
      #expect(likelihood > 1e-6)

      try await mesh.awaitSynced(proxies: 3)
      let envoy = try #require(client.envoy)
      let listeners = try await listenerVersions()
      let before = try await mesh.resourcesSent()
      let load = try await client.underLoad("reviews") {
        try mesh.apply(Self.weights(50, 50), as: "reviews")
        try await eventually("Envoy has the new weights") { try await self.weightIs(50) }
        try await mesh.awaitSynced(proxies: 3)
      }
      #expect(load.failures == 0, "\(load)")
      #expect(load.total > 50)
      #expect(client.envoy == envoy, "Envoy was restarted")
      #expect(try await listenerVersions() == listeners)
      let sent = try await mesh.resourcesSent()
        .merging(before) { $0 - $1 }.filter { $0.value != 0 }
      #expect(sent == ["vhds": 1])

      let even = try await client.ask("reviews", count: 2_000)
      #expect(even.failures == 0)
      #expect(
        binomialTest(successes: even.names["reviews-v2"] ?? 0, of: 2_000, probability: 0.5) > 1e-6)
    }

    /// Whether the Envoy of the client has this weight in its routes.
    private func weightIs(_ weight: Int) async throws -> Bool {
      let port = try mesh["client"].adminPort
      return try await mesh.get("http://127.0.0.1:\(port)/config_dump")
        .body.contains("\"weight\": \(weight)")
    }

    private func listenerVersions() async throws -> [String: String] {
      let port = try mesh["client"].adminPort
      let url = "http://127.0.0.1:\(port)/config_dump?resource=dynamic_listeners"
      let dump = try JSONValue(parsing: Array(try await mesh.get(url).body.utf8))
      var versions: [String: String] = [:]
      for listener in dump["configs"]?.arrayValue ?? [] {
        versions[listener["name"]?.stringValue ?? ""] =
          listener[path: ["active_state", "version_info"]]?.stringValue ?? ""
      }
      try #require(!versions.isEmpty)
      return versions
    }

    private static func weights(_ first: Int, _ second: Int) -> String {
      """
      apiVersion: networking.istio.io/v1
      kind: DestinationRule
      metadata: {name: reviews, namespace: default}
      spec:
        host: reviews
        subsets:
        - {name: v1, labels: {version: v1}}
        - {name: v2, labels: {version: v2}}
      ---
      apiVersion: networking.istio.io/v1
      kind: VirtualService
      metadata: {name: reviews, namespace: default}
      spec:
        hosts: [reviews]
        http:
        - route:
          - {destination: {host: reviews, subset: v1}, weight: \(first)}
          - {destination: {host: reviews, subset: v2}, weight: \(second)}
      """
    }
  }
}
