internal import IstioAPI
internal import StreamingJSON
import Testing
internal import YAML

@Suite struct SecurityPolicyTests {
  @Test(
    arguments: [
      ("{action: DENY}", "spec.rules", "no rules"),
      ("{action: CUSTOM, provider: {name: x}}", "spec.rules", "no rules"),
      ("{action: CUSTOM, rules: [{}]}", "spec.provider.name", "needs a provider"),
      ("{provider: {name: x}, rules: [{}]}", "spec.provider", "CUSTOM only"),
      ("{action: NONE}", "spec.action", "not a known value"),
      ("{rules: [null]}", "spec.rules[0]", "null"),
      ("{rules: [{from: []}]}", "spec.rules[0].from", "empty"),
      ("{rules: [{to: []}]}", "spec.rules[0].to", "empty"),
      ("{rules: [{from: [{}]}]}", "spec.rules[0].from[0].source", "no field"),
      ("{rules: [{from: [{source: {}}]}]}", "spec.rules[0].from[0].source", "no field"),
      ("{rules: [{to: [{operation: {}}]}]}", "spec.rules[0].to[0].operation", "no field"),
      (
        "{rules: [{from: [{source: {principals: ['']}}]}]}",
        "spec.rules[0].from[0].source.principals[0]", "empty"
      ),
      (
        "{rules: [{from: [{source: {ipBlocks: [1.2.3]}}]}]}",
        "spec.rules[0].from[0].source.ipBlocks[0]", "neither"
      ),
      (
        "{rules: [{from: [{source: {serviceAccounts: [a/b/c]}}]}]}",
        "spec.rules[0].from[0].source.serviceAccounts[0]", "not a service account"
      ),
      (
        "{rules: [{from: [{source: {serviceAccounts: [a], namespaces: [b]}}]}]}",
        "spec.rules[0].from[0].source", "Cannot set serviceAccounts"
      ),
      (
        "{rules: [{from: [{source: {trustDomains: ['a*b']}}]}]}",
        "spec.rules[0].from[0].source.trustDomains[0]", "at most one"
      ),
      (
        "{action: CUSTOM, provider: {name: x}, rules: [{from: [{source: {namespaces: [a]}}]}]}",
        "spec.rules[0].from[0].source.namespaces", "CUSTOM"
      ),
      (
        "{rules: [{to: [{operation: {ports: ['65536']}}]}]}",
        "spec.rules[0].to[0].operation.ports[0]", "not a port"
      ),
      (
        "{rules: [{to: [{operation: {paths: ['/{**}/a/{*}']}}]}]}",
        "spec.rules[0].to[0].operation.paths[0]", "last operator"
      ),
      (
        "{rules: [{to: [{operation: {paths: ['/{a}']}}]}]}",
        "spec.rules[0].to[0].operation.paths[0]", "operator"
      ),
      (
        "{rules: [{to: [{operation: {paths: ['/{*}/a*']}}]}]}",
        "spec.rules[0].to[0].operation.paths[0]", "character"
      ),
      ("{rules: [{when: [{key: source.ip}]}]}", "spec.rules[0].when[0]", "both empty"),
      (
        "{rules: [{when: [{key: destination.labels, values: [a]}]}]}", "spec.rules[0].when[0].key",
        "spec.selector"
      ),
      (
        "{rules: [{when: [{key: 'request.headers[a', values: [a]}]}]}",
        "spec.rules[0].when[0].key", "not an attribute"
      ),
      (
        "{rules: [{when: [{key: destination.port, values: [http]}]}]}",
        "spec.rules[0].when[0].values[0]", "not a port"
      ),
      (
        "{selector: {matchLabels: {a: b}}, targetRef: {kind: Service, name: x}}", "spec",
        "only one of"
      ),
      (
        "{targetRefs: [{kind: Pod, name: x}]}", "spec.targetRefs[0].kind", "cannot be attached"
      ),
      (
        "{targetRefs: [{kind: Service, name: x, namespace: other}]}",
        "spec.targetRefs[0].namespace",
        "cross namespace"
      ),
      ("{selector: {matchLabels: {a: 'b*'}}}", "spec.selector.matchLabels.a", "wildcard"),
    ] as [(String, String, String)])
  func `authorization policies are refused`(spec: String, path: String, text: String) throws {
    let errors = try SpecDocuments.check(.authorizationPolicy, spec: spec).errors
    #expect(
      errors.contains { $0.path == path && $0.description.contains(text) }, "\(errors)")
  }

  @Test(
    arguments: [
      ("{jwtRules: [{}]}", "spec.jwtRules[0].issuer", "missing"),
      ("{jwtRules: [{issuer: a, audiences: ['']}]}", "spec.jwtRules[0].audiences[0]", "empty"),
      (
        "{jwtRules: [{issuer: a, fromHeaders: [{}]}]}", "spec.jwtRules[0].fromHeaders[0].name",
        "empty"
      ),
      ("{jwtRules: [{issuer: a, fromHeaders: [null]}]}", "spec.jwtRules[0].fromHeaders[0]", "null"),
      ("{jwtRules: [{issuer: a, jwks: 'x'}]}", "spec.jwtRules[0].jwks", "not a JSON Web Key Set"),
      ("{jwtRules: [{issuer: a, jwks: '{\"keys\":[{}]}'}]}", "spec.jwtRules[0].jwks", "kty"),
      ("{jwtRules: [{issuer: a, jwksUri: 'ftp://x'}]}", "spec.jwtRules[0].jwksUri", "scheme"),
      ("{jwtRules: [{issuer: a, jwks_uri: 'https:///'}]}", "spec.jwtRules[0].jwksUri", "scheme"),
      (
        "{jwtRules: [{issuer: a, jwksUri: 'https://x', jwks: '{\"keys\":[]}'}]}",
        "spec.jwtRules[0]", "only one of"
      ),
      (
        "{jwtRules: [{issuer: a, outputClaimToHeaders: [{header: 'a b', claim: c}]}]}",
        "spec.jwtRules[0].outputClaimToHeaders[0].header", "not a header name"
      ),
      ("{jwtRules: [{issuer: a, timeout: 1us}]}", "spec.jwtRules[0].timeout", "1ms"),
      ("{jwtRules: [{issuer: a, presence: MAYBE}]}", "spec.jwtRules[0].presence", "not a known"),
    ] as [(String, String, String)])
  func `request authentications are refused`(spec: String, path: String, text: String) throws {
    let errors = try SpecDocuments.check(.requestAuthentication, spec: spec).errors
    #expect(
      errors.contains { $0.path == path && $0.description.contains(text) }, "\(errors)")
  }

  @Test func `what is only suspicious is accepted with a warning`() throws {
    let key = #"{"keys":[{"kty":"oct","k":"AA"}]}"#
    let authentication = try SpecDocuments.check(
      .requestAuthentication, spec: "{jwtRules: [{issuer: a, jwks: '\(key)'}]}")
    #expect(authentication.isAccepted)
    #expect(authentication.issues.map(\.path) == ["spec.jwtRules[0].jwks"])
    let denial = try SpecDocuments.check(
      .authorizationPolicy, spec: "{action: DENY, rules: [{to: [{operation: {methods: [GET]}}]}]}")
    #expect(denial.isAccepted)
    #expect(denial.issues.map(\.path) == ["spec.rules[0]"])
    let withPort = try SpecDocuments.check(
      .authorizationPolicy,
      spec: "{action: DENY, rules: [{to: [{operation: {methods: [GET], ports: ['80']}}]}]}")
    #expect(withPort.issues.isEmpty)
  }

  @Test func `an absent list and an empty one mean different things`() throws {
    let (none, _) = try SpecDocuments.decode(AuthorizationPolicy.self, "{}")
    #expect(none.rules == nil)
    let (all, _) = try SpecDocuments.decode(AuthorizationPolicy.self, "{rules: [{}]}")
    #expect(all.rules == [AuthorizationRule()])
    #expect(all.validate().isEmpty)
  }

  @Test(
    arguments: [
      ("istio.io/dry-run: 'true'", "{action: AUDIT, rules: [{}]}", "ALLOW or DENY"),
      ("istio.io/dry-run: 'yes'", "{rules: [{}]}", "not true or false"),
      ("istio.io/dry-run: 'true'", "{rules: [{}]}", nil),
      ("internal.istio.io/parents: x", "{rules: [{}]}", "reserved"),
      ("internal.istio.io/webhook-always-reject: ''", "{rules: [{}]}", "refusal"),
    ] as [(String, String, String?)])
  func `annotations are judged`(annotation: String, spec: String, text: String?) throws {
    let yaml = "{metadata: {name: x, annotations: {\(annotation)}}, spec: \(spec)}"
    let value = try #require(try YAMLReader.documents(yaml).first?.value)
    let errors = IstioKind.authorizationPolicy.check(try JSONReader(value.serialized())).errors
    #expect(errors.isEmpty == (text == nil), "\(errors)")
    if let text { #expect(errors.contains { $0.description.contains(text) }) }
  }
}
