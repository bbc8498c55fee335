import Testing
import XDSProtocol

/// The state-of-the-world protocol by Istio's contract §3.4.
struct StateOfTheWorldTests {
  private func proxy() -> Transcript {
    Transcript(
      .stateOfTheWorld,
      [
        Transcript.cluster("a"), Transcript.cluster("b"), Transcript.endpoints("a"),
        Transcript.endpoints("b"), Transcript.listener("l"), Transcript.route("80"),
      ])
  }

  @Test("Clusters and listeners are always complete, other types only what was added or changed")
  func completeness() {
    var proxy = proxy()
    #expect(proxy.request(.cluster) == ["cds +a@1 +b@1"])
    #expect(proxy.request(.cluster) == [])
    #expect(proxy.request(.endpoints, ["a"]) == ["eds +a@1"])
    #expect(proxy.request(.endpoints, ["a"]) == [])
    #expect(proxy.request(.endpoints, ["a", "b"]) == ["eds +b@1"])
    #expect(proxy.request(.endpoints, ["b"]) == [], "fewer names are not answered")
    #expect(proxy.change([Transcript.endpoints("b", "2")]) == ["eds +b@2"])
    #expect(
      proxy.change([Transcript.cluster("c")]) == ["cds +a@1 +b@1 +c@1"])
  }

  @Test("No names of a named type means no interest")
  func noNames() {
    var proxy = proxy()
    #expect(proxy.request(.endpoints) == [])
    #expect(proxy.change([Transcript.endpoints("a", "2")]) == [])
  }

  @Test("An old nonce is ignored, a request without one starts anew")
  func nonces() {
    var proxy = proxy()
    _ = proxy.request(.cluster)
    #expect(proxy.request(.cluster, nonce: "old") == ["stale cds"])
    #expect(proxy.request(.cluster, nonce: "") == ["cds +a@1 +b@1"])
  }

  @Test("A nonce of an earlier stream in the first request does not stop the answer")
  func reconnect() {
    var proxy = proxy()
    #expect(proxy.request(.listener, nonce: "earlier") == ["lds +l@1"])
  }

  @Test("A removed cluster stays in the list until nothing names it")
  func removal() {
    var proxy = Transcript(
      .stateOfTheWorld,
      [
        Transcript.cluster("a", readiness: .immediate), Transcript.listener("l", clusters: ["a"]),
      ])
    _ = proxy.request(.cluster)
    _ = proxy.request(.cluster)
    _ = proxy.request(.listener)
    _ = proxy.request(.listener)
    #expect(
      proxy.change(
        [
          Transcript.cluster("b", readiness: .immediate),
          Transcript.listener("l", "2", clusters: ["b"]),
        ], removed: [(.cluster, "a")]) == ["cds +a@1 +b@1"])
    #expect(proxy.request(.cluster) == ["lds +l@2"])
    #expect(proxy.request(.listener) == ["cds +b@1"])
  }
}
