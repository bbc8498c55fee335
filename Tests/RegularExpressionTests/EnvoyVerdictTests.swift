import MeshTesting
import RegularExpression
import StreamingJSON
import Testing

/// The rules of this module are Envoy's, so Envoy says whether they are right.
@Suite(.enabled(if: EnvoyBinary.path != nil, "SKIPPED: no Envoy; run make deps"))
struct EnvoyVerdictTests {
  /// Envoy's own rule, not RE2's: an expression must not be empty.
  private static let accepted = RegularExpressionTests.accepted.filter { !$0.isEmpty }
  private static let refused = RegularExpressionTests.refused.map(\.0)

  @Test func `Envoy loads every expression that is accepted`() throws {
    for pattern in Self.accepted { #expect(RegularExpression.validate(pattern) == nil) }
    let all = try Self.verdict(Self.accepted)
    if all.isAccepted { return }
    for pattern in Self.accepted {
      let one = try Self.verdict([pattern])
      #expect(one.isAccepted, "\(pattern): \(one.output)")
    }
  }

  @Test func `Envoy refuses every expression that is refused`() throws {
    // Envoy captures nothing, so it does not mind a name given twice; Istio's validation does.
    let stricter: Set = ["(?P<n>a)(?P<n>b)"]
    for pattern in Self.refused.filter({ !stricter.contains($0) }) + ["((.{10}){10}){100}"] {
      #expect(RegularExpression.validate(pattern) != nil, "\(pattern)")
      #expect(try !Self.verdict([pattern]).isAccepted, "\(pattern)")
    }
  }

  @Test func `Envoy and this module agree about random expressions`() throws {
    let alphabet = Array("aab()[]{}*+?|\\^$.-,:pPdwbQExz019<>=!i&")
    var generator = SplitMix64(state: 7)
    var accepted: [String] = []
    var refused: [String] = []
    while accepted.count < 200 || refused.count < 40 {
      let pattern = String(
        (0..<Int.random(in: 1...12, using: &generator)).compactMap { _ in
          alphabet.randomElement(using: &generator)
        })
      if RegularExpression.validate(pattern) == nil {
        if accepted.count < 200 { accepted.append(pattern) }
      } else if refused.count < 40 {
        refused.append(pattern)
      }
    }
    if try !Self.verdict(accepted).isAccepted {
      for pattern in accepted {
        let one = try Self.verdict([pattern])
        #expect(one.isAccepted, "Envoy refuses \(pattern): \(one.output)")
      }
    }
    for pattern in refused {
      #expect(try !Self.verdict([pattern]).isAccepted, "Envoy accepts \(pattern)")
    }
  }

  /// What Envoy says of a configuration with one route for each expression.
  private static func verdict(
    _ patterns: [String]
  ) throws -> (isAccepted: Bool, output: String) {
    let routes = patterns.map { pattern -> JSONValue in
      [
        "match": ["safe_regex": ["regex": .string(pattern)]],
        "direct_response": ["status": 200],
      ]
    }
    let manager: JSONValue = [
      "@type":
        "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
      "stat_prefix": "x",
      "http_filters": [
        [
          "name": "envoy.filters.http.router",
          "typed_config": [
            "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
          ],
        ]
      ],
      "route_config": [
        "virtual_hosts": [["name": "x", "domains": ["*"], "routes": .array(routes)]]
      ],
    ]
    let bootstrap: JSONValue = [
      "node": ["id": "x", "cluster": "x"],
      "static_resources": [
        "listeners": [
          [
            "name": "x",
            "address": ["socket_address": ["address": "127.0.0.1", "port_value": 0]],
            "filter_chains": [
              [
                "filters": [
                  [
                    "name": "envoy.filters.network.http_connection_manager",
                    "typed_config": manager,
                  ]
                ]
              ]
            ],
          ]
        ]
      ],
      "layered_runtime": [
        "layers": [
          ["name": "s", "static_layer": ["re2.max_program_size.error_level": 32768]]
        ]
      ],
    ]
    let path = ChildProgram.temporaryPath("expressions.json")
    defer { _ = ChildProgram.run("/bin/rm", ["-f", path]) }
    ChildProgram.write(String(decoding: bootstrap.serialized(), as: UTF8.self), to: path)
    let result = ChildProgram.run(
      try #require(EnvoyBinary.path),
      ["--mode", "validate", "-l", "error", "--disable-hot-restart", "-c", path])
    return (result.status == 0, String(result.output.prefix(600)))
  }
}
