internal import AdmissionWebhooks
internal import IstioAPI
internal import KubernetesAPI
internal import MeshTesting
internal import SidecarInjection
internal import StreamingJSON
internal import Synchronization
import Testing
internal import YAML

@Suite struct WebhookTests {
  private static func object(_ yaml: String) throws -> JSONValue {
    try #require(try YAMLReader.documents(yaml).first?.value)
  }

  private static func operations(_ response: JSONValue) throws -> [JSONValue] {
    let text = try #require(response["patch"]?.stringValue)
    let bytes = try #require(Base64.decode(text))
    return try #require(try JSONValue(parsing: bytes).arrayValue)
  }

  @Test(arguments: ["v1", "v1beta1"])
  func `a pod is patched`(version: String) async throws {
    try await RunningWebhooks.run { webhooks async throws in
      let response = try await webhooks.review(
        "/inject", Reviews.make(Reviews.pod, reviewVersion: version))
      #expect(response["allowed"] == true)
      #expect(response["uid"] == "705ab4f5-6393-11e8-b7cc-42010a800002")
      #expect(response["patchType"] == "JSONPatch")
      let operations = try Self.operations(response)
      #expect(operations.allSatisfy { $0["op"] == "add" })
      #expect(operations.contains { $0["path"] == "/spec/containers/1" })
    }
  }

  @Test func `parameters in the path reach the proxy`() async throws {
    try await RunningWebhooks.run { webhooks async throws in
      let response = try await webhooks.review(
        "/inject/cluster/west--slash--1/net/n2/my_flag/on", Reviews.make(Reviews.pod))
      let text = String(
        decoding: JSONValue.array(try Self.operations(response)).serialized(), as: UTF8.self)
      #expect(text.contains(#"{"name":"ISTIO_META_CLUSTER_ID","value":"west/1"}"#))
      #expect(text.contains(#"{"name":"ISTIO_META_NETWORK","value":"n2"}"#))
      #expect(text.contains(#"{"name":"MY_FLAG","value":"on"}"#))
      let refused = try await webhooks.review("/inject/cluster", Reviews.make(Reviews.pod))
      #expect(refused["allowed"] == false)
    }
  }

  @Test func `what gets no proxy is allowed as it is`() async throws {
    try await RunningWebhooks.run { webhooks async throws in
      var host = Reviews.pod
      host[path: ["spec", "hostNetwork"]] = true
      for review in [
        Reviews.make(host), Reviews.make(Reviews.pod, namespace: "kube-system"),
        Reviews.make(Reviews.pod, operation: "UPDATE"),
        Reviews.make(Reviews.pod, group: "apps", kind: "Deployment"),
      ] {
        let response = try await webhooks.review("/inject", review)
        #expect(response["allowed"] == true)
        #expect(response["patch"] == nil)
      }
      #expect(webhooks.counters.values.skipped == 4)
      let injected = try await webhooks.review("/inject", Reviews.make(Reviews.pod))
      #expect(injected["patch"] != nil)
    }
  }

  @Test func `a pod that cannot get a proxy is refused with the field and the remedy`() async throws
  {
    try await RunningWebhooks.run { webhooks async throws in
      var pod = Reviews.pod
      pod[path: ["metadata", "annotations"]] = ["sidecar.istio.io/interceptionMode": "MAGIC"]
      let response = try await webhooks.review("/inject", Reviews.make(pod))
      #expect(response["allowed"] == false)
      #expect(
        response[path: ["status", "message"]]
          == .string(
            #"failed to inject the proxy: metadata.annotations["sidecar.istio.io/interceptionMode"]: "#
              + #""MAGIC" is not a mode (use REDIRECT, TPROXY or NONE)"#))
    }
  }

  @Test func `until the control plane is ready nothing is answered`() async throws {
    let box = Flags()
    try await RunningWebhooks.run {
      $0.isReady = { box.isReady.withLock { $0 } }
      $0.injection = { box.knowsInjection.withLock { $0 } ? InjectionConfiguration() : nil }
    } _: { webhooks async throws in
      let review = Reviews.make(Reviews.pod).serialized()
      #expect(try await webhooks.send("/inject", review).status == 503)
      #expect(try await webhooks.send("/validate", review).status == 503)
      box.isReady.withLock { $0 = true }
      #expect(try await webhooks.send("/inject", review).status == 503)
      box.knowsInjection.withLock { $0 = true }
      #expect(try await webhooks.send("/inject", review).status == 200)
    }
  }

  @Test func `a replaced certificate serves the next connection`() async throws {
    try await RunningWebhooks.run { webhooks async throws in
      let review = Reviews.make(Reviews.pod).serialized()
      #expect(try await webhooks.send("/inject", review).status == 200)
      let next = try TestAuthority()
      let material = try next.issue("istiod.istio-system.svc")
      try webhooks.tls.update(
        certificateChainPEM: material.chain, privateKeyPEM: material.key)
      #expect(try await webhooks.send("/inject", review, trusting: next).status == 200)
      await #expect(throws: (any Error).self) { try await webhooks.send("/inject", review) }
      let other = try next.issue("other")
      #expect(throws: WebhookTLSError.self) {
        try webhooks.tls.update(certificateChainPEM: material.chain, privateKeyPEM: other.key)
      }
      #expect(try await webhooks.send("/inject", review, trusting: next).status == 200)
    }
  }

  @Test func `objects are judged by the rules of their kind, in any version`() async throws {
    try await RunningWebhooks.run { webhooks async throws in
      func validate(
        _ yaml: String, operation: String = "CREATE"
      ) async throws -> JSONValue {
        let object = try Self.object(yaml)
        let parts = (object["apiVersion"]?.stringValue ?? "").split(separator: "/")
        return try await webhooks.review(
          "/validate",
          Reviews.make(
            object, group: String(parts[0]), version: String(parts[1]),
            kind: object["kind"]?.stringValue ?? "", operation: operation))
      }
      let gateway = "{apiVersion: networking.istio.io/v1beta1, kind: Gateway, metadata: {name: g}"
      let bad = try await validate("\(gateway), spec: {}}")
      #expect(bad["allowed"] == false)
      let message = bad[path: ["status", "message"]]?.stringValue ?? ""
      #expect(message.hasPrefix("configuration is invalid: spec.servers: "), "\(message)")
      #expect(try await validate("\(gateway), spec: {}}", operation: "DELETE")["allowed"] == true)
      let typo = try await validate("\(gateway), spce: {}, spec: {}}")
      #expect(typo[path: ["status", "message"]]?.stringValue?.contains("spce: ") == true)
      let policy =
        "{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: p}"
      let suspicious = try await validate(
        "\(policy), spec: {action: DENY, rules: [{to: [{operation: {methods: [GET]}}]}]}}")
      #expect(suspicious["allowed"] == true)
      #expect(suspicious["warnings"]?.arrayValue?.count == 1)
      let unknown = try await validate(
        "{apiVersion: networking.istio.io/v1, kind: Teapot, metadata: {name: t}}")
      #expect(unknown[path: ["status", "message"]] == "unrecognized type Teapot")
      let kept = try await validate(
        "{apiVersion: telemetry.istio.io/v1, kind: Telemetry, metadata: {name: t}, spec: []}")
      #expect(kept["allowed"] == false)
      let missing = try await webhooks.review(
        "/validate", Reviews.make(nil, group: "networking.istio.io", kind: "Gateway"))
      #expect(missing["allowed"] == false)
    }
  }

  @Test func `recorded documents get the verdict that Istio gives them`() async throws {
    guard let folder = EnvoyBinary.conformance else {
      print("SKIPPED: there are no recorded verdicts beside the project")
      return
    }
    let documents = try RecordedVerdicts.read("\(folder)/validation")
    #expect(documents.count >= 15)
    try await RunningWebhooks.run { webhooks async throws in
      for document in documents {
        let kind = document.object["kind"]?.stringValue ?? ""
        let group = (document.object["apiVersion"]?.stringValue ?? "").split(separator: "/")[0]
        let response = try await webhooks.review(
          "/validate", Reviews.make(document.object, group: String(group), kind: kind))
        #expect(
          response["allowed"] == .bool(!document.isRefused), "\(document.place) \(response)")
      }
    }
  }

  @Test func `registrations trust the roots, and fail closed once the webhook works`() throws {
    let registration: JSONValue = [
      "kind": "ValidatingWebhookConfiguration",
      "webhooks": [
        [
          "name": "validation.istio.io", "failurePolicy": "Ignore",
          "clientConfig": ["service": ["name": "istiod", "namespace": "istio-system"]],
        ],
        // Another control plane's, and one that is no Service of the cluster.
        ["clientConfig": ["service": ["name": "istiod", "namespace": "other"]]],
        ["clientConfig": ["url": "https://istiod.example.com/validate"]],
      ],
    ]
    let service = ObjectKey(namespace: "istio-system", name: "istiod")
    let open = WebhookRegistration.patch(
      registration, of: service, rootsPEM: "roots", failsClosed: false)
    #expect(
      open.operations == [
        ["op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": "cm9vdHM="]
      ])
    let closed = WebhookRegistration.patch(
      registration, of: service, rootsPEM: "roots", failsClosed: true)
    #expect(
      Set(closed.operations)
        == Set(
          open.operations + [
            ["op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Fail"]
          ]))
    let probe = WebhookRegistration.refusedProbe(namespace: "istio-system", revision: nil)
    let issues = ObjectVerdict.issues(
      of: .gateways, try JSONReader(probe.serialized()))
    #expect(issues.contains { $0.severity == .error })
    let own = WebhookRegistration.refusedProbe(namespace: "istio-system", revision: "canary")
    #expect(own[path: ["metadata", "labels"]] == ["istio.io/rev": "canary"])
  }
}

/// What a test changes while a server runs.
private final class Flags: Sendable {
  let isReady = Mutex(false)
  let knowsInjection = Mutex(false)
}
