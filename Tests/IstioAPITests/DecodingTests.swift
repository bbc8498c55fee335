internal import IstioAPI
internal import StreamingJSON
import Testing

@Suite struct DecodingTests {
  @Test func `a VirtualService keeps everything that is written`() throws {
    let (spec, unknown) = try SpecDocuments.decode(
      VirtualService.self,
      """
      hosts: [reviews]
      gateways: [mesh, prod/edge]
      exportTo: ["."]
      http:
      - name: canary
        match:
        - uri: {prefix: /v2}
          headers: {x-user: {exact: jason}, x-any: {}}
          ignoreUriCase: true
          port: 9080
        route:
        - destination: {host: reviews, subset: v2, port: {number: 9080}}
          weight: 90
          headers: {request: {set: {a: b}, remove: [c]}}
        timeout: 1.5s
        retries: {attempts: 3, perTryTimeout: 250ms, retryOn: 5xx}
        fault: {delay: {fixedDelay: 7s, percentage: {value: 0.1}}, abort: {httpStatus: 555}}
        mirror_percent: 5
        corsPolicy: {allowOrigins: [{regex: ".*"}], unmatchedPreflights: IGNORE}
        redirect: {uri: /x, derivePort: FROM_REQUEST_PORT}
        future: {a: 1}
      tcp: []
      """)
    #expect(unknown == ["spec.http[0].future"])
    let expected = VirtualService(
      hosts: ["reviews"], gateways: ["mesh", "prod/edge"],
      http: [
        HTTPRoute(
          name: "canary",
          match: [
            HTTPMatchRequest(
              uri: .prefix("/v2"), ignoreUriCase: true,
              headers: ["x-user": .exact("jason"), "x-any": .unset], port: 9_080)
          ],
          route: [
            HTTPRouteDestination(
              destination: Destination(
                host: "reviews", subset: "v2", port: PortSelector(number: 9_080)),
              weight: 90,
              headers: HeaderRules(request: HeaderOperations(set: ["a": "b"], remove: ["c"])))
          ],
          redirect: HTTPRedirect(uri: "/x", redirectPort: .derivePort(.fromRequestPort)),
          timeout: IstioDuration(seconds: 1, nanoseconds: 500_000_000),
          retries: HTTPRetry(
            attempts: 3, perTryTimeout: IstioDuration(milliseconds: 250), retryOn: "5xx"),
          fault: HTTPFaultInjection(
            delay: FaultDelay(
              percentage: Percent(value: 0.1), delayType: .fixedDelay(IstioDuration(seconds: 7))),
            abort: FaultAbort(errorType: .httpStatus(555))),
          mirrorPercent: 5,
          corsPolicy: CORSPolicy(allowOrigins: [.regex(".*")], unmatchedPreflights: .ignore))
      ], exportTo: ["."])
    #expect(spec == expected)
  }

  @Test func `a DestinationRule keeps everything that is written`() throws {
    let (spec, unknown) = try SpecDocuments.decode(
      DestinationRule.self,
      """
      host: reviews
      trafficPolicy:
        loadBalancer:
          consistentHash: {httpCookie: {name: user, ttl: 0s}, maglev: {tableSize: 65537}}
          localityLbSetting: {failover: [{from: a, to: b}], enabled: true}
        connectionPool: {tcp: {maxConnections: 0, connectTimeout: 30ms}, http: {h2UpgradePolicy: UPGRADE}}
        outlierDetection: {consecutive5xxErrors: 0, interval: 5m}
        tls: {mode: 3, sni: x}
        portLevelSettings: [{port: {number: 80}, loadBalancer: {simple: ROUND_ROBIN}}]
      subsets: [{name: v1, labels: {version: v1}}]
      """)
    #expect(unknown.isEmpty)
    let policy = try #require(spec.trafficPolicy)
    #expect(
      policy.loadBalancer?.policy
        == .consistentHash(
          ConsistentHashLoadBalancer(
            hashKey: .httpCookie(HTTPCookie(name: "user", ttl: IstioDuration())),
            hashAlgorithm: .maglev(MagLev(tableSize: 65_537)))))
    #expect(policy.loadBalancer?.localityLbSetting?.enabled == true)
    #expect(policy.connectionPool?.tcp?.maxConnections == 0)
    #expect(policy.connectionPool?.http?.h2UpgradePolicy == .upgrade)
    #expect(policy.outlierDetection?.consecutive5xxErrors == 0)
    #expect(policy.outlierDetection?.consecutiveGatewayErrors == nil)
    #expect(policy.outlierDetection?.interval == IstioDuration(seconds: 300))
    #expect(policy.tls?.mode == .istioMutual)
    #expect(policy.portLevelSettings.first?.loadBalancer?.policy == .simple(.roundRobin))
    #expect(spec.subsets == [Subset(name: "v1", labels: ["version": "v1"])])
  }

  @Test func `a mesh configuration lays what is written over the defaults`() throws {
    let (mesh, unknown) = try SpecDocuments.decode(
      MeshConfig.self,
      """
      trustDomain: example.org
      defaultConfig: {proxyMetadata: {A: b}, discoveryAddress: other:15012}
      extensionProviders: [{name: log, envoyFileAccessLog: {path: /x}}, {name: p, prometheus: {}}]
      outboundTrafficPolicy: {mode: REGISTRY_ONLY}
      """)
    #expect(unknown.isEmpty)
    #expect(mesh.trustDomain == "example.org")
    #expect(mesh.rootNamespace == "istio-system")
    #expect(mesh.connectTimeout == IstioDuration(seconds: 10))
    #expect(mesh.outboundTrafficPolicy.mode == .registryOnly)
    #expect(mesh.defaultConfig.discoveryAddress == "other:15012")
    #expect(mesh.defaultConfig.statusPort == 15_020)
    #expect(
      mesh.extensionProviders.first?.provider
        == .envoyFileAccessLog(FileAccessLogProvider(path: "/x")))
    #expect(MeshConfig().outboundTrafficPolicy.mode == .allowAny)
  }

  @Test(arguments: [
    ("hosts: reviews", "spec.hosts", "a list is expected"),
    ("hosts: [1]", "spec.hosts[0]", "a string is expected"),
    ("http: [{route: [{weight: '1'}]}]", "spec.http[0].route[0].weight", "whole number"),
    ("http: [{route: [{weight: 1.5}]}]", "spec.http[0].route[0].weight", "whole number"),
    ("http: [{route: [{weight: 3000000000}]}]", "spec.http[0].route[0].weight", "whole number in"),
    ("http: [{timeout: 5}]", "spec.http[0].timeout", "a string is expected"),
    ("http: [{timeout: 5 parsecs}]", "spec.http[0].timeout", "not a duration"),
    ("http: [{match: [{uri: {prefix: a, exact: b}}]}]", "spec.http[0].match[0].uri", "only one of"),
    ("http: [{match: [{uri: {prefix: a, regex: b}}]}]", "spec.http[0].match[0].uri", "only one of"),
    (
      "http: [{redirect: {derivePort: BAD}}]", "spec.http[0].redirect.derivePort",
      "not a known value"
    ),
    ("http: [{redirect: {derivePort: 7}}]", "spec.http[0].redirect.derivePort", "not the number"),
    ("http: [{redirect: {derivePort: -1}}]", "spec.http[0].redirect.derivePort", "not the number"),
    (
      "http: [{redirect: {port: 1, derivePort: 1}}]", "spec.http[0].redirect.derivePort",
      "only one of"
    ),
    ("http: [null]", "spec.http[0]", "null"),
    ("http: [{match: [{headers: {x: null}}]}]", "spec.http[0].match[0].headers.x", "null"),
  ])
  func `a wrong type names its field`(yaml: String, path: String, part: String) throws {
    let error = #expect(throws: JSONDecodingError.self) {
      try SpecDocuments.decode(VirtualService.self, yaml)
    }
    #expect(error?.path.hasPrefix(path) == true, "\(String(describing: error))")
    #expect(error?.message.contains(part) == true, "\(String(describing: error))")
  }

  @Test(
    arguments: [
      ("1.5s", 1_500_000_000), ("300ms", 300_000_000), ("1h2m3s", 3_723_000_000_000), ("0", 0),
      ("0s", 0),
      ("-1.5h", -5_400_000_000_000), ("1us", 1_000), ("1µs", 1_000), ("1ns", 1),
      (".5s", 500_000_000),
      ("1.s", 1_000_000_000), ("+1s", 1_000_000_000), ("0.0000000019s", 1),
    ] as [(String, Int64)])
  func `durations are read as in Go`(text: String, nanoseconds: Int64) {
    #expect(IstioDuration(text)?.totalNanoseconds == nanoseconds)
  }

  @Test(arguments: [
    "", "1", "s", "1x", ".s", "1s2", "-", "--1s", "1e3s", "9999999999999999999s", "300000000h",
    "1 s", "∞s",
  ])
  func `what is no duration is refused`(text: String) {
    #expect(IstioDuration(text) == nil)
  }

  @Test(arguments: [
    ("1.5s", "1.500s"), ("1h", "3600s"), ("-1ms", "-0.001s"), ("1ns", "0.000000001s"),
  ])
  func `durations are written as in protobuf JSON`(text: String, written: String) {
    #expect(IstioDuration(text)?.description == written)
  }
}
