import DiscoveryAPI
import MeshTesting
import SwiftProtobuf
import Testing
import XDSProtocol

/// Requests are read without a message being built; SwiftProtobuf is the judge.
struct RequestDecodingTests {
  @Test("A request of the incremental protocol is read as SwiftProtobuf wrote it")
  func delta() throws {
    var message = Envoy_Service_Discovery_V3_DeltaDiscoveryRequest()
    message.typeURL = ResourceType.endpoints.typeURL
    message.responseNonce = "n7"
    message.resourceNamesSubscribe = (0..<300).map { "outbound|80||svc-\($0).default" }
    message.resourceNamesUnsubscribe = ["gone"]
    message.initialResourceVersions = ["a": "1", "b": "2"]
    message.errorDetail.code = 13
    message.errorDetail.message = "bad listener"
    message.node.id = "sidecar~10.0.0.1~a.b~c"
    message.node.extensions = ["first", "istio.alpn", "envoy.other", "istio.stats"].map { name in
      .with { $0.name = name }
    }
    let received = try ReceivedRequest(message.serializedBytes(), .delta)
    #expect(received.request.typeURL == message.typeURL)
    #expect(received.request.nonce == "n7")
    #expect(received.request.errorMessage == "bad listener")
    guard case .change(let subscribe, let unsubscribe, let held) = received.request.names else {
      Issue.record("not a change")
      return
    }
    #expect(subscribe.strings == message.resourceNamesSubscribe)
    #expect(subscribe.digest == NameList(message.resourceNamesSubscribe.reversed()).digest)
    #expect(unsubscribe.strings == ["gone"])
    #expect(held.dictionary == message.initialResourceVersions)
    #expect(held.digest == HeldVersions(message.initialResourceVersions).digest)
    let node = try ProxyNode.message(try #require(received.node))
    #expect(node.id == message.node.id)
    #expect(node.extensions.map(\.name) == ["first", "istio.alpn", "istio.stats"])
  }

  @Test("A request of the state of the world is read as SwiftProtobuf wrote it")
  func stateOfTheWorld() throws {
    var message = Envoy_Service_Discovery_V3_DiscoveryRequest()
    message.typeURL = ResourceType.route.typeURL
    message.responseNonce = "n8"
    message.versionInfo = "v"
    message.resourceNames = ["80", "9080"]
    let received = try ReceivedRequest(message.serializedBytes(), .stateOfTheWorld)
    #expect((received.request.typeURL, received.request.nonce) == (message.typeURL, "n8"))
    #expect(received.request.errorMessage == nil && received.node == nil)
    guard case .all(let names) = received.request.names else {
      Issue.record("not a list")
      return
    }
    #expect(names.strings == ["80", "9080"])
  }

  @Test("Digests tell sets apart, whatever their order", arguments: 0..<20)
  func digests(seed: Int) {
    var random = SplitMix64(state: UInt64(seed))
    let names = (0..<50).map { _ in "name-\(random.next() % 100_000)" }
    let digest = NameList(names).digest
    #expect(NameList(names.shuffled(using: &random)).digest == digest)
    var others = names
    others[Int(random.next() % 50)] += "x"
    #expect(NameList(others).digest != digest)
    #expect(NameList(names + names.prefix(1)).digest != digest)
  }

  @Test("Cut and damaged requests are refused or read, and never more", arguments: 0..<50)
  func damage(seed: Int) throws {
    var message = Envoy_Service_Discovery_V3_DeltaDiscoveryRequest()
    message.typeURL = ResourceType.cluster.typeURL
    message.resourceNamesSubscribe = ["a", "b"]
    message.initialResourceVersions = ["c": "1"]
    message.errorDetail.message = "no"
    message.node.id = "sidecar~10.0.0.1~a.b~c"
    var bytes: [UInt8] = try message.serializedBytes()
    var random = SplitMix64(state: UInt64(seed))
    if seed % 2 == 0 {
      bytes = Array(bytes.prefix(Int(random.next() % UInt64(bytes.count))))
    } else {
      bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
    }
    for variant in [DiscoverySession.Variant.delta, .stateOfTheWorld] {
      let received = try? ReceivedRequest(bytes, variant)
      if case .change(let names, _, let held)? = received?.request.names {
        #expect(names.strings.count == names.digest.count)
        #expect(held.dictionary.count <= held.digest.count)
      }
      if let node = received?.node { _ = try? ProxyNode.message(node) }
    }
  }
}
