import Testing
import XDSProtocol

/// Proxies that are sent something and never answer, or answer for some types and not for others.
struct SilentProxyTests {
  @Test(arguments: [DiscoverySession.Variant.delta, .stateOfTheWorld])
  func `What comes and goes while a proxy is silent leaves nothing behind`(
    variant: DiscoverySession.Variant
  ) {
    var proxy = Transcript(variant, [Transcript.cluster("a"), Transcript.endpoints("a")])
    let isDelta = variant == .delta
    #expect((isDelta ? proxy.subscribe(.cluster) : proxy.request(.cluster)) == ["cds +a@1"])
    let names = ["a"]
    #expect(
      (isDelta ? proxy.subscribe(.endpoints, names) : proxy.request(.endpoints, names))
        == ["eds +a@1"])
    func cycle(_ number: Int) -> [String] {
      let name = "churn-\(number)"
      return proxy.change([
        Transcript.cluster(name), Transcript.endpoints(name),
        Transcript.cluster("a", "\(number)"), Transcript.endpoints("a", "\(number)"),
      ]) + proxy.change([], removed: [(.cluster, name), (.endpoints, name)])
    }
    #expect(cycle(2) == [])
    let size = proxy.session.indexSize
    for number in 3..<1000 { #expect(cycle(number) == []) }
    #expect(proxy.session.indexSize == size)
    // Once it speaks it gets the newest, and nothing of what came and went.
    if isDelta { #expect(proxy.ack(.cluster) == ["cds +a@999"]) }
  }
}
