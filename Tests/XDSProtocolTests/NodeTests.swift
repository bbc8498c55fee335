import DiscoveryAPI
import Testing
import XDSProtocol

struct NodeTests {
  private func node(_ id: String) -> Envoy_Config_Core_V3_Node {
    var node = Envoy_Config_Core_V3_Node()
    node.id = id
    return node
  }

  @Test("A node id of four parts is read")
  func wellFormed() throws {
    let proxy = try ProxyNode(
      node("sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local"), isDelta: true)
    #expect(proxy.type == .sidecar)
    #expect(proxy.addresses == ["10.0.0.1"])
    #expect(proxy.name == "web-1")
    #expect(proxy.namespace == "shop")
  }

  @Test(
    "A node that says too little or nonsense is refused",
    arguments: [
      ("", NodeError.missing), ("sidecar", .malformedID("sidecar")),
      ("ztunnel~10.0.0.1~a.b~c", .unknownType("ztunnel")),
      ("sidecar~10.0.0.256~a.b~c", .noAddress("sidecar~10.0.0.256~a.b~c")),
      ("sidecar~10.0.0.1~a.b~c~d", .malformedID("sidecar~10.0.0.1~a.b~c~d")),
    ])
  func malformed(id: String, error: NodeError) {
    #expect(throws: error) { try ProxyNode(node(id), isDelta: true) }
  }

  @Test(
    "Addresses are told from what only looks like one",
    arguments: [
      ("10.0.0.1", true), ("::", true), ("::1", true), ("fd00::1:2", true),
      ("1:2:3:4:5:6:7:8", true), ("::ffff:10.0.0.1", true), ("2001:db8::", true),
      ("10.0.0", false), ("10.0.0.1.2", false), ("a.b.c.d", false), ("1:2:3", false),
      ("1::2::3", false), (":::", false), ("12345::", false), ("", false), ("10.0.0.-1", false),
    ])
  func addresses(text: String, isValid: Bool) {
    #expect(IPLiteral.isValid(text) == isValid)
  }
}
