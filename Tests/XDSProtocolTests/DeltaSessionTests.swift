import Testing
import XDSProtocol

/// The incremental protocol as Envoy 1.40 speaks it.
struct DeltaSessionTests {
  /// A proxy that holds a cluster, its endpoints, a listener, a route and a virtual host.
  private func settled() -> Transcript {
    var proxy = Transcript(
      .delta,
      [
        Transcript.cluster("a"), Transcript.endpoints("a"), Transcript.listener("l"),
        Transcript.route("80"),
        Transcript.host("80/web", clusters: ["a"], domains: ["web"]),
      ])
    _ = proxy.subscribe(.cluster)
    _ = proxy.ack(.cluster)
    _ = proxy.subscribe(.endpoints, ["a"])
    _ = proxy.ack(.endpoints)
    _ = proxy.subscribe(.listener)
    _ = proxy.ack(.listener)
    _ = proxy.subscribe(.route, ["80"])
    _ = proxy.ack(.route)
    _ = proxy.subscribe(.virtualHost)
    _ = proxy.ack(.virtualHost)
    return proxy
  }

  @Test("A proxy that starts gets each type when it asks, virtual hosts after their route")
  func start() {
    var proxy = Transcript(
      .delta,
      [
        Transcript.cluster("a"), Transcript.endpoints("a"), Transcript.listener("l"),
        Transcript.route("80"), Transcript.host("80/web", clusters: ["a"]),
      ])
    #expect(proxy.subscribe(.cluster) == ["cds +a@1"])
    #expect(proxy.subscribe(.endpoints, ["a"]) == ["eds +a@1"])
    #expect(proxy.ack(.cluster) == [])
    #expect(proxy.ack(.endpoints) == [])
    #expect(proxy.subscribe(.listener) == ["lds +l@1"])
    #expect(proxy.ack(.listener) == [])
    #expect(proxy.subscribe(.route, ["80"]) == ["rds +80@1"])
    #expect(proxy.subscribe(.virtualHost) == [], "virtual hosts wait for the route's answer")
    #expect(proxy.ack(.route) == ["vhds +80/web@1"])
    #expect(proxy.ack(.virtualHost) == [])
    #expect(proxy.session.status.allSatisfy { $0.state == .synced })
    #expect(proxy.session.status.allSatisfy { $0.wanted == $0.acknowledged })
  }

  @Test("Every name of endpoints and routes that is asked for is answered")
  func unknownNames() {
    var proxy = Transcript(.delta, [])
    #expect(proxy.subscribe(.cluster) == ["cds"])
    #expect(proxy.subscribe(.endpoints, ["gone"]) == ["eds +gone@empty"])
    #expect(proxy.subscribe(.route, ["99"]) == ["rds +99@empty"])
    #expect(proxy.subscribe(.secret, ["cert"]) == [], "a secret is answered only when it exists")
  }

  @Test("A route without hosts is mentioned, or its listener never warms")
  func emptyRoute() {
    var proxy = Transcript(.delta, [Transcript.route("80")])
    _ = proxy.subscribe(.route, ["80"])
    _ = proxy.subscribe(.virtualHost)
    #expect(proxy.ack(.route) == ["vhds -80/_"])
  }

  @Test("A change sends only what changed, and a cluster's endpoints after the cluster")
  func change() {
    var proxy = settled()
    #expect(proxy.change([Transcript.endpoints("a", "2")]) == ["eds +a@2"])
    _ = proxy.ack(.endpoints)
    #expect(
      proxy.change([Transcript.cluster("a", "2"), Transcript.endpoints("a", "3")])
        == ["cds +a@2", "eds +a@3"])
    _ = proxy.ack(.cluster)
    _ = proxy.ack(.endpoints)
    // Endpoints that did not change are sent again all the same: the cluster warms again.
    #expect(proxy.change([Transcript.cluster("a", "3")]) == ["cds +a@3", "eds +a@3"])
  }

  @Test("Endpoints are sent while clusters are in flight: Envoy answers clusters when none warms")
  func endpointsWhileClustersWarm() {
    var proxy = settled()
    _ = proxy.change([Transcript.cluster("a", "2")])
    _ = proxy.ack(.endpoints)
    #expect(
      proxy.change([Transcript.cluster("a", "3"), Transcript.endpoints("a", "3")])
        == ["eds +a@3"])
    #expect(proxy.ack(.cluster) == ["cds +a@3"])
    #expect(proxy.ack(.endpoints) == ["eds +a@3"], "the replaced cluster warms again")
  }

  @Test(
    "Endpoints of a cluster that was replaced before they were asked for are sent although held")
  func replacedEarly() {
    var proxy = Transcript(.delta, [Transcript.cluster("a", "2"), Transcript.endpoints("a")])
    #expect(proxy.subscribe(.cluster, held: ["a": "1"]) == ["cds +a@2"])
    #expect(proxy.subscribe(.endpoints, ["a"], held: ["a": "1"]) == ["eds +a@1"])
  }

  @Test("A virtual host waits for its new cluster and the cluster's endpoints")
  func makeBeforeBreak() {
    var proxy = settled()
    let host = Transcript.host("80/web", "2", clusters: ["b"], domains: ["web"])
    #expect(
      proxy.change(
        [Transcript.cluster("b"), Transcript.endpoints("b"), host],
        removed: [(.cluster, "a"), (.endpoints, "a")]) == ["cds +b@1"])
    #expect(proxy.ack(.cluster) == [], "the endpoints are not there yet")
    #expect(proxy.subscribe(.endpoints, ["b"]) == ["eds +b@1"])
    #expect(proxy.ack(.endpoints) == ["vhds +80/web@2"])
    #expect(proxy.ack(.virtualHost) == ["cds -a"], "what nothing names any more goes last")
    #expect(proxy.ack(.cluster) == [])
  }

  @Test("A cluster whose endpoints are never asked for holds up nothing for ever")
  func boundedWait() {
    var proxy = settled()
    _ = proxy.change([
      Transcript.cluster("b"), Transcript.host("80/web", "2", clusters: ["b"], domains: ["web"]),
    ])
    #expect(proxy.ack(.cluster) == [])
    #expect(proxy.wake(after: 4_999) == [])
    #expect(proxy.wake(after: 1) == ["vhds +80/web@2"])
  }

  @Test("A cluster that resolves names is given time after its answer")
  func resolution() {
    var proxy = settled()
    _ = proxy.change([
      Transcript.cluster("dns", readiness: .resolution),
      Transcript.host("80/web", "2", clusters: ["dns"], domains: ["web"]),
    ])
    #expect(proxy.ack(.cluster) == [])
    #expect(proxy.wake(after: 500) == ["vhds +80/web@2"])
  }

  @Test("A domain that moves between hosts moves in one response")
  func movingDomain() {
    var proxy = settled()
    #expect(
      proxy.change(
        [
          Transcript.cluster("b"),
          Transcript.host("80/new", clusters: ["b"], domains: ["web"]),
          Transcript.host("80/other", clusters: ["a"], domains: ["other"]),
        ], removed: [(.virtualHost, "80/web")])
        == ["cds +b@1", "vhds +80/other@1"], "what is not tied to the cluster goes on")
    _ = proxy.ack(.cluster)
    _ = proxy.ack(.virtualHost)
    _ = proxy.subscribe(.endpoints, ["b"])
    #expect(proxy.ack(.endpoints) == ["vhds +80/new@1 -80/web"])
  }

  @Test("One response of a type is in flight; what comes meanwhile is merged")
  func oneInFlight() {
    var proxy = settled()
    #expect(proxy.change([Transcript.endpoints("a", "2")]) == ["eds +a@2"])
    #expect(proxy.change([Transcript.endpoints("a", "3")]) == [])
    #expect(proxy.change([Transcript.endpoints("a", "4")]) == [])
    #expect(proxy.ack(.endpoints) == ["eds +a@4"])
    #expect(proxy.ack(.endpoints) == [])
  }

  @Test("A change that is taken back before it was sent is not sent")
  func takenBack() {
    var proxy = settled()
    _ = proxy.change([Transcript.endpoints("a", "2")])
    _ = proxy.change([Transcript.endpoints("a", "3")])
    _ = proxy.change([Transcript.endpoints("a", "2")])
    #expect(proxy.ack(.endpoints) == [])
  }

  @Test("A proxy that comes back receives only what differs")
  func resume() {
    var proxy = Transcript(
      .delta,
      [
        Transcript.cluster("a"), Transcript.cluster("b", "2"), Transcript.endpoints("a"),
        Transcript.listener("l"), Transcript.route("80"), Transcript.host("80/web", "1"),
        Transcript.host("80/new", "1"),
      ])
    #expect(
      proxy.subscribe(.cluster, held: ["a": "1", "b": "1", "c": "1"]) == ["cds +b@2"],
      "the removal of c waits for what might name it")
    #expect(proxy.subscribe(.endpoints, ["a"], held: ["a": "1"]) == ["eds"])
    #expect(proxy.subscribe(.listener, held: ["l": "1"]) == ["lds"])
    #expect(proxy.subscribe(.route, ["80"], held: ["80": "1"]) == ["rds"])
    #expect(
      proxy.subscribe(.virtualHost, held: ["80/web": "1", "80/old": "1", "99/x": "1"])
        == ["vhds +80/new@1 -99/x -80/old"])
    for type in [ResourceType.endpoints, .listener, .route, .virtualHost] {
      #expect(proxy.ack(type) == [])
    }
    #expect(proxy.ack(.cluster) == [])
    #expect(proxy.wake(after: 5000) == ["cds -c"])
  }

  @Test("A name that is asked for again is sent again")
  func resubscribe() {
    var proxy = settled()
    #expect(proxy.subscribe(.endpoints, ["a"]) == ["eds +a@1"])
  }

  @Test("The hosts of a route that is no longer wanted are taken back, and sent anew later")
  func routeEnds() {
    var proxy = settled()
    #expect(proxy.subscribe(.route, unsubscribe: ["80"]) == ["vhds -80/web"])
    _ = proxy.ack(.virtualHost)
    #expect(proxy.subscribe(.route, ["80"]) == ["rds +80@1"])
    #expect(proxy.ack(.route) == ["vhds +80/web@1"])
  }

  @Test("An answer with a nonce that is not the last is counted and says nothing")
  func staleNonce() {
    var proxy = settled()
    _ = proxy.change([Transcript.endpoints("a", "2")])
    proxy.nonces[.endpoints] = "bogus"
    #expect(proxy.ack(.endpoints) == ["stale eds"])
    #expect(proxy.session.status.contains { $0.type == .endpoints && $0.state == .stale })
  }
}
