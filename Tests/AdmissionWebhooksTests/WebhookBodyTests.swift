internal import AdmissionWebhooks
internal import MeshTesting
internal import StreamingJSON
import Testing

/// Bodies that nobody should send: bounded, and answered with the right status.
@Suite struct WebhookBodyTests {
  private static let limit = 6 << 20

  @Test(arguments: ["/inject", "/validate"])
  func `what is no review gets a status`(path: String) async throws {
    try await RunningWebhooks.run { webhooks async throws in
      let good = Reviews.make(nil).serialized()
      #expect(try await webhooks.send(path, []).status == 400)
      #expect(try await webhooks.send(path, good, type: "text/plain").status == 415)
      #expect(try await webhooks.send(path, good, type: nil).status == 415)
      #expect(try await webhooks.send(path, good, type: "application/yaml").status == 415)
      #expect(try await webhooks.send(path, good, encoding: "br").status == 415)
      #expect(try await webhooks.send(path, Array("{".utf8)).status == 400)
      #expect(try await webhooks.send(path, Array("[]".utf8)).status == 400)
      #expect(try await webhooks.send(path, Array("{}".utf8)).status == 400)
      #expect(try await webhooks.send(path, [0xFF, 0xFE]).status == 400)
      let foreign = Reviews.make(nil, reviewVersion: "v2").serialized()
      #expect(try await webhooks.send(path, foreign).status == 400)
      #expect(try await webhooks.send(path, [], method: .GET).status == 405)
      #expect(try await webhooks.send("/other", good).status == 404)
      #expect(
        try await webhooks.send(path, good, type: "application/json; charset=utf-8").status
          == (path == "/inject" ? 400 : 200))
    }
  }

  @Test(arguments: ["/inject", "/validate"])
  func `deep documents are given up`(path: String) async throws {
    try await RunningWebhooks.run { webhooks async throws in
      for depth in [100, 600, 1_000_000] {
        let nest = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        for place in ["object", "oldObject"] {
          let body =
            #"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","kind":{"kind":"Pod"},"operation":"CREATE","\#(place)":{"spec":\#(nest)}}}"#
          let (status, _) = try await webhooks.send(path, Array(body.utf8))
          if depth == 1_000_000 {
            #expect(status == 413)
          } else if place == "oldObject", depth == 100 {
            #expect(status == (path == "/inject" ? 400 : 200))
          } else {
            #expect(status == 400 || (path == "/validate" && depth == 100))
          }
        }
      }
    }
  }

  @Test func `six mebibytes are the most`() async throws {
    try await RunningWebhooks.run { webhooks async throws in
      let empty = Reviews.make(Self.pod(padding: 0)).serialized()
      let whole = Reviews.make(Self.pod(padding: Self.limit - empty.count)).serialized()
      #expect(whole.count == Self.limit)
      #expect(try await webhooks.send("/inject", whole).status == 200)
      let (status, text) = try await webhooks.send("/inject", whole + [0x20])
      #expect(status == 413)
      #expect(String(decoding: text, as: UTF8.self).contains("6291456"))
      let commas = [UInt8](repeating: UInt8(ascii: ","), count: 5 << 20)
      #expect(try await webhooks.send("/validate", commas).status == 413)
    }
  }

  @Test func `gzip is expanded, a bomb is not`() async throws {
    try await RunningWebhooks.run { webhooks async throws in
      let good = try Gzip.compress(Reviews.make(Reviews.pod).serialized())
      let (status, body) = try await webhooks.send("/inject", good, encoding: "gzip")
      #expect(status == 200)
      #expect(try JSONValue(parsing: body)[path: ["response", "allowed"]] == true)
      let bomb = try Gzip.compress([UInt8](repeating: 0x20, count: 512 << 20), level: 9)
      #expect(bomb.count < Self.limit)
      let clock = ContinuousClock()
      let start = clock.now
      #expect(try await webhooks.send("/inject", bomb, encoding: "gzip").status == 413)
      #expect(clock.now - start < .seconds(20))
      #expect(
        try await webhooks.send("/inject", Array(good.dropLast(3)), encoding: "gzip").status == 400)
      #expect(
        try await webhooks.send("/inject", Reviews.make(nil).serialized(), encoding: "gzip").status
          == 400)
    }
  }

  @Test func `refusals do not disturb who comes next`() async throws {
    try await RunningWebhooks.run { webhooks async throws in
      for _ in 0..<20 {
        #expect(
          try await webhooks.send("/inject", [UInt8](repeating: 0x5B, count: 7 << 20)).status == 413
        )
      }
      #expect(
        try await webhooks.review("/inject", Reviews.make(Reviews.pod))["allowed"] == true)
      #expect(webhooks.counters.values.malformed == 20)
      #expect(webhooks.counters.values.injected == 1)
    }
  }

  private static func pod(padding: Int) -> JSONValue {
    var pod = Reviews.pod
    pod[path: ["metadata", "annotations", "padding"]] =
      .string(String(repeating: "x", count: padding))
    return pod
  }
}
