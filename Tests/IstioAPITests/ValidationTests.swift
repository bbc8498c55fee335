internal import IstioAPI
internal import StreamingJSON
import Testing

@Suite struct ValidationTests {
  private static let route = "http: [{route: [{destination: {host: b}}]}]"

  @Test(
    arguments: [
      (.virtualService, "{}", "spec", "all empty"),
      (.virtualService, "hosts: [a]", "spec", "all empty"),
      (.virtualService, "{hosts: [a, a], \(route)}", "spec.hosts[1]", "twice"),
      (.virtualService, "{hosts: ['*.x.y', a.x.y], \(route)}", "spec.hosts[1]", "covered"),
      (.virtualService, "{hosts: ['*'], \(route)}", "spec.hosts[0]", "mesh gateway"),
      (.virtualService, "{hosts: ['a_b'], \(route)}", "spec.hosts[0]", "domain name"),
      (.virtualService, "{hosts: ['a.123'], \(route)}", "spec.hosts[0]", "domain name"),
      (.virtualService, "{hosts: [a], gateways: [a/b/c], \(route)}", "spec.gateways[0]", "gateway"),
      (.virtualService, "{gateways: [x], \(route)}", "spec.gateways", "without hosts"),
      (.virtualService, "{hosts: [a], exportTo: ['*', x], \(route)}", "spec.exportTo", "alone"),
      (
        .virtualService, "{hosts: [a], exportTo: ['~'], \(route)}", "spec.exportTo[0]",
        "ServiceEntry"
      ),
      (.virtualService, "{hosts: [a], http: [{}]}", "spec.http[0]", "needs a route"),
      (
        .virtualService,
        "{hosts: [a], http: [{redirect: {uri: /}, route: [{destination: {host: b}}]}]}",
        "spec.http[0]",
        "only one of"
      ),
      (
        .virtualService, "{hosts: [a], http: [{route: [{}]}]}", "spec.http[0].route[0].destination",
        "missing"
      ),
      (
        .virtualService,
        "{hosts: [a], http: [{route: [{destination: {host: b}}, {destination: {host: c}}]}]}",
        "spec.http[0].route", "sum to 0"
      ),
      (
        .virtualService, "{hosts: [a], http: [{route: [{destination: {host: b}, weight: -1}]}]}",
        "spec.http[0].route[0].weight", "negative"
      ),
      (
        .virtualService,
        "{hosts: [a], http: [{route: [{destination: {host: b, port: {number: 70000}}}]}]}",
        "spec.http[0].route[0].destination.port.number", "between 1-65535"
      ),
      (
        .virtualService,
        "{hosts: [a], http: [{match: [{uri: {regex: 'a('}}], route: [{destination: {host: b}}]}]}",
        "spec.http[0].match[0].uri.regex", "not closed"
      ),
      (
        .virtualService,
        "{hosts: [a], http: [{match: [{headers: {x: {prefix: ''}}}], route: [{destination: {host: b}}]}]}",
        "spec.http[0].match[0].headers.x.prefix", "empty"
      ),
      (
        .virtualService, "{hosts: [a], http: [{timeout: 1us, route: [{destination: {host: b}}]}]}",
        "spec.http[0].timeout", "1ms"
      ),
      (
        .virtualService,
        "{hosts: [a], http: [{retries: {attempts: 0, retryOn: 5xx}, route: [{destination: {host: b}}]}]}",
        "spec.http[0].retries", "attempts is 0"
      ),
      (
        .virtualService,
        "{hosts: [a], http: [{retries: {attempts: 1, retryOn: '5xx, reset'}, route: [{destination: {host: b}}]}]}",
        "spec.http[0].retries.retryOn", "retry condition"
      ),
      (
        .virtualService, "{hosts: [a], http: [{directResponse: {status: 99}}]}",
        "spec.http[0].directResponse.status", "99"
      ),
      (
        .virtualService, "{hosts: [a], http: [{redirect: {}}]}", "spec.http[0].redirect",
        "changes nothing"
      ),
      (
        .virtualService, "{hosts: [a], http: [{fault: {}, route: [{destination: {host: b}}]}]}",
        "spec.http[0].fault",
        "delay or an abort"
      ),
      (
        .virtualService,
        "{hosts: [a], http: [{headers: {request: {set: {':path': x}}}, route: [{destination: {host: b}}]}]}",
        "spec.http[0].headers.request.set[\":path\"]", "pseudo"
      ),
      (
        .virtualService,
        "{hosts: [a], http: [{headers: {response: {add: {x: '%BAD'}}}, route: [{destination: {host: b}}]}]}",
        "spec.http[0].headers.response.add.x", "malformed"
      ),
      (
        .virtualService,
        "{hosts: [a], tls: [{match: [{sniHosts: [b]}], route: [{destination: {host: b}}]}]}",
        "spec.tls[0].match[0].sniHosts[0]", "not covered"
      ),
      (
        .virtualService, "{hosts: [a], tcp: [{route: []}]}", "spec.tcp[0].route",
        "needs a destination"
      ),
      (.destinationRule, "{}", "spec.host", "missing"),
      (
        .destinationRule, "{host: a, subsets: [{name: v1}, {name: v1}]}", "spec.subsets[1].name",
        "twice"
      ),
      (.destinationRule, "{host: a, trafficPolicy: {}}", "spec.trafficPolicy", "empty"),
      (
        .destinationRule, "{host: a, trafficPolicy: {tls: {mode: MUTUAL}}}",
        "spec.trafficPolicy.tls.clientCertificate", "required"
      ),
      (
        .destinationRule,
        "{host: a, trafficPolicy: {loadBalancer: {consistentHash: {maglev: {tableSize: 10}}}}}",
        "spec.trafficPolicy.loadBalancer.consistentHash.maglev.tableSize", "prime"
      ),
      (
        .destinationRule,
        "{host: a, trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: [{from: a/*, to: {a/b: 50}}]}}}}",
        "spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[0].to", "not to 100"
      ),
      (
        .destinationRule, "{host: a, trafficPolicy: {outlierDetection: {maxEjectionPercent: 101}}}",
        "spec.trafficPolicy.outlierDetection.maxEjectionPercent", "0 and 100"
      ),
      (
        .destinationRule, "{host: a, trafficPolicy: {portLevelSettings: [{port: {number: 80}}]}}",
        "spec.trafficPolicy.portLevelSettings[0]", "empty"
      ),
      (.gateway, "{}", "spec.servers", "no server"),
      (
        .gateway, "{servers: [{port: {number: 443, name: a, protocol: HTTPS}, hosts: ['*']}]}",
        "spec.servers[0].tls", "needs tls"
      ),
      (
        .gateway, "{servers: [{port: {number: 80, name: a, protocol: HTTP}, hosts: [short]}]}",
        "spec.servers[0].hosts[0]", "short name"
      ),
      (
        .gateway,
        "{servers: [{port: {number: 443, name: a, protocol: TLS}, hosts: ['*'], tls: {mode: SIMPLE}}]}",
        "spec.servers[0].tls.serverCertificate", "certificate"
      ),
      (
        .gateway,
        "{servers: [{port: {number: 80, name: a, protocol: HTTP}, hosts: ['*'], tls: {mode: SIMPLE, credentialName: c}}]}",
        "spec.servers[0].tls", "only have httpsRedirect"
      ),
      (
        .gateway,
        "{servers: [{port: {number: 80, name: a, protocol: TCP}, hosts: ['*'], tls: {mode: PASSTHROUGH}}]}",
        "spec.servers[0].tls", "cannot have tls"
      ),
      (.serviceEntry, "{hosts: ['*']}", "spec.hosts[0]", "wildcard"),
      (
        .serviceEntry, "{hosts: [a.b], resolution: NONE, endpoints: [{address: 1.2.3.4}]}",
        "spec.endpoints", "NONE"
      ),
      (
        .serviceEntry, "{hosts: [a.b], resolution: STATIC, endpoints: [{address: x.y}]}",
        "spec.endpoints[0].address", "IP address"
      ),
      (
        .serviceEntry, "{hosts: [a.b], ports: [{number: 80, name: a}, {number: 80, name: b}]}",
        "spec.ports[1].number", "duplicated"
      ),
      (.serviceEntry, "{hosts: [a.b], addresses: [1.2.3.4/33]}", "spec.addresses[0]", "CIDR"),
      (.sidecar, "{}", "spec", "sets nothing"),
      (.sidecar, "{egress: [{hosts: [nohost]}]}", "spec.egress[0].hosts[0]", "namespace"),
      (
        .sidecar, "{egress: [{hosts: ['*/*']}, {port: {number: 80}, hosts: ['*/*']}]}",
        "spec.egress[0]", "last"
      ),
      (
        .sidecar, "{ingress: [{port: {number: 80}, defaultEndpoint: '10.0.0.1:80'}]}",
        "spec.ingress[0].defaultEndpoint", "endpoint"
      ),
      (.peerAuthentication, "{mtls: {mode: BLAH}}", "spec.mtls.mode", "not a known value"),
      (.workloadEntry, "{}", "spec.address", "required"),
      (.workloadEntry, "{address: 'unix:///x', ports: {a: 1}}", "spec.ports", "UDS"),
    ] as [(IstioKind, String, String, String)])
  func `a broken rule names its field`(
    kind: IstioKind, yaml: String, path: String, part: String
  ) throws {
    let verdict = try SpecDocuments.check(kind, spec: yaml)
    #expect(!verdict.isAccepted)
    #expect(
      verdict.errors.contains { $0.path == path && $0.message.contains(part) },
      "\(verdict.errors.map(\.description))")
  }

  @Test(
    arguments: [
      (.virtualService, "{hosts: ['*'], gateways: [edge], \(route)}"),
      (.virtualService, "{\(route)}"),
      (.virtualService, "{hosts: [1.2.3.4, '*.foo.com', foo.com], \(route)}"),
      (
        .virtualService,
        "{hosts: [a], http: [{headers: {request: {set: {':authority': x, y: '%REQ(a)%-100%%'}}}, route: [{destination: {host: b}}]}]}"
      ),
      (
        .virtualService,
        "{hosts: [a], http: [{match: [{uri: {prefix: ''}}], route: [{destination: {host: b}}]}]}"
      ),
      (
        .virtualService,
        "{hosts: [a], http: [{match: [{withoutHeaders: {x: {regex: '*'}}}], route: [{destination: {host: b}}]}]}"
      ),
      (.destinationRule, "{host: '*.local', trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}"),
      (
        .gateway,
        "{selector: {a: b}, servers: [{port: {number: 443, name: a, protocol: HTTPS}, hosts: [./*.x.com], tls: {mode: SIMPLE, credentialName: c}}]}"
      ),
      (
        .gateway,
        "{servers: [{port: {number: 80, name: a, protocol: HTTP}, hosts: ['*'], tls: {httpsRedirect: false}}]}"
      ),
      (
        .gateway,
        "{servers: [{port: {number: 80, name: a, protocol: HTTP2}, hosts: ['*'], tls: {httpsRedirect: true}}]}"
      ),
      (.sidecar, "{egress: [{hosts: [./*, istio-system/*, ~/*]}]}"),
      (.peerAuthentication, "{}"),
    ] as [(IstioKind, String)])
  func `what Istio accepts is accepted`(kind: IstioKind, yaml: String) throws {
    let verdict = try SpecDocuments.check(kind, spec: yaml)
    #expect(verdict.errors.isEmpty)
  }

  @Test func `a specification with a thousand faults gives a bounded list`() throws {
    let spec = VirtualService(
      hosts: Array(repeating: "bad_host", count: 5_000),
      http: [HTTPRoute(directResponse: .init(status: 200))])
    #expect(spec.validate().count <= 200)
    #expect(spec.validate().count > 1)
  }
}
