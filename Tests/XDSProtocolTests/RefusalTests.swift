import Testing
import XDSProtocol

/// What a refusal holds up: the offender and what names it, nothing else.
struct RefusalTests {
  private func clusters(_ count: Int) -> [EncodedResource] {
    (0..<count).map { Transcript.cluster("cluster-\($0)", readiness: .immediate) }
  }

  @Test("An offender that the text names is set aside; the rest is sent again")
  func named() {
    var proxy = Transcript(.delta, clusters(3))
    _ = proxy.subscribe(.cluster)
    #expect(
      proxy.nack(.cluster, "Error adding/updating cluster(s) cluster-1: bad duration")
        == ["rejected cluster-1", "cds +cluster-0@1 +cluster-2@1"])
    #expect(proxy.ack(.cluster) == [])
    let status = proxy.session.status.first { $0.type == .cluster }
    #expect(status?.state == .error)
    #expect(status?.rejections.map(\.name) == ["cluster-1"])
    #expect(status?.rejections.first?.sources == ["Service/default/cluster-1"])
  }

  @Test("A name inside a longer name is not taken for the offender")
  func longerName() {
    var proxy = Transcript(.delta, clusters(12))
    _ = proxy.subscribe(.cluster)
    let lines = proxy.nack(.cluster, "cluster(s) cluster-11: bad")
    #expect(lines.first == "rejected cluster-11")
    #expect(lines.filter { $0.hasPrefix("rejected") }.count == 1)
  }

  @Test("An offender that nothing names is found by halves", arguments: [1, 2, 7, 64])
  func bisected(count: Int) {
    var proxy = Transcript(.delta, clusters(count))
    var lines = proxy.subscribe(.cluster)
    let offender = "cluster-\(count / 2)"
    var rounds = 0
    var rejected: [String] = []
    while let sent = lines.last(where: { $0.hasPrefix("cds +") }), rounds < 40 {
      rounds += 1
      let names = sent.split(separator: " ").dropFirst().map { $0.dropFirst().dropLast(2) }
      lines =
        names.contains { $0 == offender }
        ? proxy.nack(.cluster, "something is wrong") : proxy.ack(.cluster)
      rejected += lines.filter { $0.hasPrefix("rejected") }
    }
    #expect(rejected == ["rejected \(offender)"])
    #expect(rounds <= 20)
    let status = proxy.session.status.first { $0.type == .cluster }
    #expect(status?.outstanding == 0)
  }

  @Test("What names a refused new cluster waits; what does not goes on")
  func dependents() {
    var proxy = Transcript(
      .delta,
      clusters(2) + [
        Transcript.listener("good", clusters: ["cluster-0"]),
        Transcript.listener("bad", clusters: ["cluster-1"]),
      ])
    _ = proxy.subscribe(.cluster)
    _ = proxy.nack(.cluster, "cluster-1: bad")
    _ = proxy.ack(.cluster)
    #expect(proxy.subscribe(.listener) == ["lds +good@1"])
    _ = proxy.ack(.listener)
    // A better version frees what waited.
    #expect(
      proxy.change([Transcript.cluster("cluster-1", "2", readiness: .immediate)])
        == ["cds +cluster-1@2"])
    #expect(proxy.ack(.cluster) == ["lds +bad@1"])
    #expect(proxy.session.status.allSatisfy { $0.rejections.isEmpty })
  }

  @Test("A refused version is not sent again, however often other things change")
  func notRepeated() {
    var proxy = Transcript(.delta, clusters(1))
    _ = proxy.subscribe(.cluster)
    #expect(proxy.nack(.cluster, "bad") == ["rejected cluster-0"])
    #expect(
      proxy.change([Transcript.cluster("cluster-9", readiness: .immediate)])
        == ["cds +cluster-9@1"])
    #expect(proxy.ack(.cluster) == [])
  }

  @Test("A cluster that a refused host's last good version names is not removed")
  func lastGoodKeepsItsCluster() {
    var proxy = Transcript(
      .delta,
      clusters(2) + [
        Transcript.route("80"), Transcript.host("80/web", clusters: ["cluster-0"]),
      ])
    _ = proxy.subscribe(.cluster)
    _ = proxy.ack(.cluster)
    _ = proxy.subscribe(.route, ["80"])
    _ = proxy.ack(.route)
    _ = proxy.subscribe(.virtualHost)
    _ = proxy.ack(.virtualHost)
    _ = proxy.change(
      [Transcript.host("80/web", "2", clusters: ["cluster-1"])], removed: [(.cluster, "cluster-0")])
    #expect(proxy.nack(.virtualHost, "bad regex") == ["rejected 80/web"])
    #expect(proxy.ack(.cluster) == [], "the proxy still routes to cluster-0")
    #expect(
      proxy.change([Transcript.host("80/web", "3", clusters: ["cluster-1"])])
        == ["vhds +80/web@3"])
    #expect(proxy.ack(.virtualHost) == ["cds -cluster-0"])
  }

  @Test("In the state-of-the-world protocol the last good version stays in the complete list")
  func completeList() {
    var proxy = Transcript(.stateOfTheWorld, clusters(2))
    #expect(proxy.request(.cluster) == ["cds +cluster-0@1 +cluster-1@1"])
    #expect(proxy.request(.cluster) == [])
    #expect(
      proxy.change([Transcript.cluster("cluster-1", "2", readiness: .immediate)])
        == ["cds +cluster-0@1 +cluster-1@2"])
    #expect(proxy.nack(.cluster, "no") == ["rejected cluster-1"])
    #expect(
      proxy.change([Transcript.cluster("cluster-0", "2", readiness: .immediate)])
        == ["cds +cluster-0@2 +cluster-1@1"])
  }
}
