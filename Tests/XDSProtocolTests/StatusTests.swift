import Testing
import XDSProtocol

/// What a session reports of itself.
struct StatusTests {
  private func status(_ proxy: Transcript, _ type: ResourceType) throws -> TypeStatus {
    try #require(proxy.session.status.first { $0.type == type })
  }

  @Test func `What a proxy asks for no more counts neither as sent nor as acknowledged`() throws {
    var proxy = Transcript(.delta, [Transcript.endpoints("a"), Transcript.endpoints("b")])
    _ = proxy.subscribe(.endpoints, ["a"])
    _ = proxy.ack(.endpoints)
    let one = try status(proxy, .endpoints)
    #expect(one.wanted == one.sent && one.sent == one.acknowledged)
    _ = proxy.subscribe(.endpoints, ["b"])
    // The answer about `b` is still under way when the proxy gives up both.
    let waiting = try status(proxy, .endpoints)
    #expect(waiting.state == .stale)
    #expect(waiting.wanted == waiting.sent && waiting.acknowledged == one.acknowledged)
    _ = proxy.subscribe(.endpoints, unsubscribe: ["a", "b"])
    _ = proxy.ack(.endpoints)
    let none = try status(proxy, .endpoints)
    #expect(none.state == .synced)
    #expect([none.wanted, none.sent, none.acknowledged] == ["0", "0", "0"])
    _ = proxy.subscribe(.endpoints, ["a"])
    _ = proxy.ack(.endpoints)
    #expect(try status(proxy, .endpoints) == one)
  }

  @Test func `A refusal shows in what is acknowledged until a better version is`() throws {
    let good = [Transcript.cluster("cluster-0"), Transcript.cluster("cluster-1")]
    var proxy = Transcript(.delta, good)
    _ = proxy.subscribe(.cluster)
    _ = proxy.ack(.cluster)
    let before = try status(proxy, .cluster)
    _ = proxy.change([
      Transcript.cluster("cluster-0", "2"), Transcript.cluster("cluster-1", "2"),
    ])
    _ = proxy.nack(.cluster, "cluster-1: bad")
    _ = proxy.ack(.cluster)
    let refused = try status(proxy, .cluster)
    #expect(refused.state == .error)
    #expect(refused.wanted == refused.sent)
    #expect(refused.acknowledged != refused.wanted)
    #expect(refused.acknowledged != before.acknowledged)
    _ = proxy.change(good)
    _ = proxy.ack(.cluster)
    #expect(try status(proxy, .cluster) == before)
  }

  @Test func `A refused resource that ends takes its refusal with it`() throws {
    var proxy = Transcript(.delta, [Transcript.listener("good")])
    _ = proxy.subscribe(.listener)
    _ = proxy.ack(.listener)
    let before = try status(proxy, .listener)
    _ = proxy.change([Transcript.listener("occupied")])
    #expect(proxy.nack(.listener, "cannot bind") == ["rejected occupied"])
    #expect(try status(proxy, .listener).rejections.map(\.name) == ["occupied"])
    #expect(proxy.change([], removed: [(.listener, "occupied")]) == [])
    #expect(try status(proxy, .listener) == before)
  }
}
