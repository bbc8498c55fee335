import Testing

extension EndToEnd {
  /// What routes and policies do to requests.
  @Suite(
    .serialized,
    .mesh([
      .init("client", app: "client"), .init("a", app: "shop"),
      .init("b", app: "shop", version: "v2"), .init("flaky", app: "flaky", failEvery: 3),
    ]))
  struct TrafficTests {
    let mesh: RunningMesh
    let client: Workload

    init() throws {
      mesh = try #require(RunningMesh.current)
      client = try mesh["client"]
    }

    @Test(.timeLimit(.minutes(1)))
    func `Retries hide failures that the application shows without them`() async throws {
      try route("flaky", "- route: [{destination: {host: flaky}}]\n  retries: {attempts: 0}")
      try await eventually("failures are seen") {
        try await client.ask("flaky", count: 6, concurrency: 1).statuses[503] == 2
      }
      let without = try await client.ask("flaky", count: 30, concurrency: 1)
      #expect(without.statuses[503] == 10, "\(without)")
      try route(
        "flaky",
        """
        - route: [{destination: {host: flaky}}]
          retries: {attempts: 3, perTryTimeout: 2s, retryOn: 5xx}
        """)
      try await eventually("retries are configured") {
        try await client.ask("flaky", count: 6, concurrency: 1).failures == 0
      }
      let with = try await client.ask("flaky", count: 30, concurrency: 1)
      #expect(with.failures == 0, "\(with)")
    }

    @Test(.timeLimit(.minutes(1)))
    func `A timeout answers 504 when it has passed, not before`() async throws {
      try route("shop", "- route: [{destination: {host: shop}}]\n  timeout: 500ms")
      try await eventually("the timeout is there") {
        try await client.ask("shop", path: "/?delay=1500ms").status == 504
      }
      let late = try await client.ask("shop", path: "/?delay=3s")
      #expect(late.status == 504)
      #expect(late.duration > .milliseconds(450))
      #expect(late.duration < .milliseconds(2500))
      #expect(try await client.ask("shop", path: "/?delay=100ms").status == 200)
    }

    @Test(.timeLimit(.minutes(1)))
    func `Faults abort and delay the requests that match`() async throws {
      try route(
        "shop",
        """
        - match: [{headers: {x-fault: {exact: abort}}}]
          fault: {abort: {httpStatus: 418, percentage: {value: 100}}}
          route: [{destination: {host: shop}}]
        - match: [{headers: {x-fault: {exact: delay}}}]
          fault: {delay: {fixedDelay: 700ms, percentage: {value: 100}}}
          route: [{destination: {host: shop}}]
        - route: [{destination: {host: shop}}]
        """)
      try await eventually("the fault is there") {
        try await client.ask("shop", headers: [("x-fault", "abort")]).status == 418
      }
      let delayed = try await client.ask("shop", headers: [("x-fault", "delay")])
      #expect(delayed.status == 200)
      #expect(delayed.duration >= .milliseconds(690))
      let plain = try await client.ask("shop")
      #expect(plain.status == 200)
      #expect(plain.duration < .milliseconds(690))
    }

    @Test(.timeLimit(.minutes(1)))
    func `Headers choose the version`() async throws {
      try applySubsets()
      try route(
        "shop",
        """
        - match: [{headers: {x-user: {exact: anna}}}]
          route: [{destination: {host: shop, subset: v2}}]
        - route: [{destination: {host: shop, subset: v1}}]
        """)
      try await eventually("the route is there") {
        for _ in 0..<6 {
          guard try await client.ask("shop", headers: [("x-user", "anna")]).name == "b",
            try await client.ask("shop").name == "a"
          else { return false }
        }
        return true
      }
      for _ in 0..<20 {
        #expect(try await client.ask("shop", headers: [("x-user", "anna")]).name == "b")
        #expect(try await client.ask("shop", headers: [("x-user", "annabel")]).name == "a")
      }
    }

    @Test(.timeLimit(.minutes(1)))
    func `A mirror gets a copy of every request and the caller none of its answers`()
      async throws
    {
      try applySubsets()
      try route(
        "shop",
        """
        - route: [{destination: {host: shop, subset: v1}}]
          mirror: {host: shop, subset: v2}
          mirrorPercentage: {value: 100}
        """)
      try await eventually("the mirror is there") {
        let before = try await requestsTaken("b")
        _ = try await client.ask("shop")
        try await eventually("a copy", within: .milliseconds(300), every: .milliseconds(20)) {
          try await self.requestsTaken("b") > before
        }
        return true
      }
      let before = try await requestsTaken("b")
      let tally = try await client.ask("shop", count: 50)
      #expect(tally.names == ["a": 50], "\(tally)")
      try await eventually("all copies came") { try await self.requestsTaken("b") >= before + 50 }
    }

    @Test(.timeLimit(.minutes(1)))
    func `A circuit breaker refuses what is above its limits`() async throws {
      try route("shop", "- route: [{destination: {host: shop}}]\n  retries: {attempts: 0}")
      try destinationRule(
        "connectionPool: {http: {http2MaxRequests: 2, http1MaxPendingRequests: 1}, "
          + "tcp: {maxConnections: 1}}")
      try await eventually("requests overflow") {
        let tally = try await client.ask("shop", count: 12, concurrency: 12, path: "/?delay=300ms")
        return (tally.statuses[503] ?? 0) > 0 && (tally.statuses[200] ?? 0) > 0
      }
      let stats = try await mesh.get(
        "http://127.0.0.1:\(client.adminPort)/stats?filter=shop.*(overflow|rq_pending_overflow)$")
      let overflows = stats.body.split(separator: "\n")
        .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
      #expect(overflows > 0, "\(stats.body)")
      #expect(try await client.ask("shop", count: 20, concurrency: 1).failures == 0)
    }

    @Test(.timeLimit(.minutes(1)))
    func `An endpoint that fails again and again is left out`() async throws {
      try route("flaky", "- route: [{destination: {host: flaky}}]\n  retries: {attempts: 0}")
      try mesh.apply(
        """
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: flaky, namespace: default}
        spec:
          host: flaky
          trafficPolicy:
            outlierDetection:
              {consecutive5xxErrors: 2, interval: 500ms, baseEjectionTime: 60s,
               maxEjectionPercent: 100}
        """, as: "flaky-rule")
      try await eventually("the endpoint is ejected") {
        for _ in 0..<4 { _ = try await client.ask("flaky", path: "/?status=500") }
        return try await client.ask("flaky").body.contains("no healthy upstream")
      }
      let stats = try await mesh.get(
        "http://127.0.0.1:\(client.adminPort)/stats?filter=flaky.*ejections_active$")
      #expect(stats.body.contains(": 1"), "\(stats.body)")
    }

    // MARK: Configuration

    private func route(_ host: String, _ rules: String) throws {
      let indented = rules.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
      try mesh.apply(
        """
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: \(host), namespace: default}
        spec:
          hosts: [\(host)]
          http:
        \(indented)
        """, as: host + "-route")
    }

    private func applySubsets() throws {
      try destinationRule("loadBalancer: {simple: ROUND_ROBIN}")
    }

    private func destinationRule(_ policy: String) throws {
      try mesh.apply(
        """
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: shop, namespace: default}
        spec:
          host: shop
          trafficPolicy: {\(policy)}
          subsets:
          - {name: v1, labels: {version: v1}}
          - {name: v2, labels: {version: v2}}
        """, as: "shop-rule")
    }

    /// How many requests the application of a workload was handed by its Envoy.
    private func requestsTaken(_ name: String) async throws -> Int {
      let port = try mesh[name].adminPort
      let page = try await mesh.get(
        "http://127.0.0.1:\(port)/stats?filter=%5Ecluster%5C.inbound.*upstream_rq_total$")
      return page.body.split(separator: "\n")
        .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
    }
  }
}
