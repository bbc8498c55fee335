import AsyncHTTPClient
import DiscoveryAPI
import Foundation
import GRPCTransport
import Installation
import KubernetesAPI
import KubernetesClient
import MeshTesting
import NIOCore
import NIOSSL
import OpenSSLCrypto
import StreamingJSON
import Testing

extension EndToEnd {
  /// Who is who in a cluster, and what the control plane says to the API server.
  @Suite(.serialized)
  struct ClusterIdentityTests {
    @Test(.timeLimit(.minutes(2)))
    func `A pod's token proves the pod's identity and no other's`() async throws {
      try await RunningCluster.run { cluster in
        try cluster.startReplica()
        try await cluster.awaitReady()
        try await cluster.start([.init("web", app: "web"), .init("other", app: "other")])
        let good = try await cluster.token(account: "web", pod: "web")
        let audience = try await cluster.token(account: "web", pod: "web", audience: "elsewhere")
        // Tokens: of another audience, of nobody, and one that is none.
        for (token, what) in [(audience, "audience"), ("a.b.c", "forged"), ("nothing", "none")] {
          let agent = try cluster.agent("web", token: token, name: "refused-\(what)")
          try await eventually("the token is refused: \(what)") {
            (ChildProgram.read(agent.log) ?? "").contains("request authenticate failure")
          }
          await agent.stop()
        }
        // The token of one pod does not make another pod of its bearer.
        let impostor = try cluster.agent("other", token: good, name: "impostor")
        try await eventually("the other pod's proxy is refused") {
          try await cluster.metrics()["pilot_xds"] == 2
            && (ChildProgram.read(cluster.directory + "/replica-1.log") ?? "")
              .contains("web")
        }
        await impostor.stop()
        // A pod that is gone has no identity: what was remembered is so for seconds.
        try await cluster.client.delete(.pods, ObjectKey(namespace: "default", name: "web"))
        try await eventually("the token of a deleted pod is refused", within: .seconds(30)) {
          let agent = try cluster.agent("web", token: good, name: "deleted")
          try await Task.sleep(for: .seconds(2))
          let log = ChildProgram.read(agent.log) ?? ""
          await agent.stop()
          return log.contains("request authenticate failure")
        }
      }
    }

    @Test(.timeLimit(.minutes(1)))
    func `An incomplete cacerts is an error, and two roots are given to everybody`() async throws {
      try await RunningCluster.run { cluster in
        func secret(_ entries: [String: String]) -> JSONValue {
          var secret: JSONValue = [
            "apiVersion": "v1", "kind": "Secret",
            "metadata": ["name": "cacerts", "namespace": "istio-system"],
          ]
          for (name, text) in entries {
            secret[path: ["data", name]] = .string(Base64.encode(Array(text.utf8)))
          }
          return secret
        }
        let first = try TestAuthority()
        let second = try TestAuthority()
        let key = ObjectKey(namespace: "istio-system", name: "cacerts")
        for (entries, message) in [
          (["ca-cert.pem": first.certificate], "ca-key.pem is missing"),
          (
            [
              "ca-cert.pem": first.certificate, "ca-key.pem": second.key,
              "root-cert.pem": first.certificate,
            ], "the key does not belong to it"
          ),
        ] {
          _ = try await cluster.client.apply(secret(entries), as: .secrets, key: key)
          try cluster.startReplica(isNew: true)
          let program = try cluster.replica(1)
          try await eventually("the control plane ends: \(message)") { program.hasEnded }
          #expect((ChildProgram.read(program.log) ?? "").contains(message))
          try await cluster.client.delete(.secrets, key)
        }
        #expect(try await cluster.client.list(.secrets, namespace: "istio-system").isEmpty)

        let bundle = first.certificate + second.certificate
        let complete = [
          "ca-cert.pem": first.certificate, "ca-key.pem": first.key, "root-cert.pem": bundle,
          "cert-chain.pem": first.certificate,
        ]
        _ = try await cluster.client.apply(secret(complete), as: .secrets, key: key)
        try cluster.startReplica(isNew: true)
        try await cluster.awaitReady()
        let roots = try Certificate.parse(
          pem: ChildProgram.read(try await cluster.rootFile()) ?? "")
        #expect(roots.count == 2)
        // The signer moves to the second root: no restart, and both stay trusted.
        var moved = complete
        moved["ca-cert.pem"] = second.certificate
        moved["ca-key.pem"] = second.key
        moved["cert-chain.pem"] = second.certificate
        _ = try await cluster.client.apply(secret(moved), as: .secrets, key: key)
        try await eventually("the other signer is in force", within: .seconds(30)) {
          (ChildProgram.read(try cluster.replica(1).log) ?? "")
            .contains("another certificate authority is in force")
        }
        let after = try Certificate.parse(
          pem: ChildProgram.read(try await cluster.rootFile()) ?? "")
        #expect(Set(after.map(\.der)) == Set(roots.map(\.der)))
      }
    }

    @Test(.timeLimit(.minutes(2)))
    func `Statuses, webhooks and roots are kept, with the rights of the role and no other`()
      async throws
    {
      try await RunningCluster.run { cluster in
        let webhooks = [
          ("Mutating", "{name: istio-sidecar-injector}"),
          // A tag of the revision, which has a registration of its own.
          ("Mutating", "{name: istio-revision-tag-prod, labels: {istio.io/rev: default}}"),
          // Another mesh of this cluster, whose control plane keeps its own.
          ("Mutating", "{name: other-mesh, labels: {istio.io/rev: default}}"),
          ("Validating", "{name: istio-validator-istio-system}"),
        ].map { kind, metadata in
          """
          ---
          apiVersion: admissionregistration.k8s.io/v1
          kind: \(kind)WebhookConfiguration
          metadata: \(metadata)
          webhooks:
          - name: a.istio.io
            admissionReviewVersions: [v1]
            sideEffects: None
            failurePolicy: Ignore
            clientConfig: {service: {name: istiod, namespace: \(metadata.contains("other-mesh") ? "other" : "istio-system"), path: /x}}

          """
        }
        try await cluster.apply(webhooks.joined())
        try cluster.startReplica()
        try await cluster.awaitReady()
        try await cluster.start([.init("client", app: "client"), .init("a", app: "shop")])
        try await cluster.apply(
          """
          ---
          apiVersion: networking.istio.io/v1
          kind: VirtualService
          metadata: {name: first, namespace: default}
          spec: {hosts: [shop], http: [{route: [{destination: {host: shop}}]}]}
          """)
        try await Task.sleep(for: .seconds(1.1))
        try await cluster.apply(
          """
          ---
          apiVersion: networking.istio.io/v1
          kind: VirtualService
          metadata: {name: second, namespace: default}
          spec: {hosts: [shop], http: [{route: [{destination: {host: nowhere, subset: v9}}]}]}
          ---
          apiVersion: networking.istio.io/v1
          kind: DestinationRule
          metadata: {name: shop, namespace: default}
          spec: {host: shop}
          ---
          apiVersion: networking.istio.io/v1
          kind: Gateway
          metadata: {name: edge, namespace: default}
          spec:
            selector: {istio: ingressgateway}
            servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]
          ---
          apiVersion: networking.istio.io/v1
          kind: ServiceEntry
          metadata: {name: outside, namespace: default}
          spec:
            hosts: [outside.example]
            ports: [{number: 80, name: http, protocol: HTTP}]
            resolution: DNS
          ---
          apiVersion: networking.istio.io/v1
          kind: WorkloadEntry
          metadata: {name: machine, namespace: default}
          spec: {address: 10.9.9.9}
          ---
          apiVersion: security.istio.io/v1
          kind: PeerAuthentication
          metadata: {name: default, namespace: default}
          spec: {mtls: {mode: PERMISSIVE}}
          """)
        func condition(_ name: String, _ type: String) async throws -> JSONValue? {
          let object = try await cluster.client.get(
            .virtualServices, ObjectKey(namespace: "default", name: name))
          return object[path: ["status", "conditions"]]?.arrayValue?.first {
            $0["type"]?.stringValue == type
          }
        }
        try await eventually("the first is accepted") {
          try await condition("first", "Accepted")?["status"] == "True"
        }
        try await eventually("the second is shadowed and misses what it names") {
          let shadowed = try await condition("second", "Shadowed")
          let missing = try await condition("second", "ReferencesResolved")
          return shadowed?["message"]?.stringValue?.contains("VirtualService/default/first") == true
            && missing?["status"] == "False"
            && missing?["message"]?.stringValue?.contains("nowhere.default.svc.cluster.local")
              == true
            && missing?["message"]?.stringValue?.contains("subset v9") == true
        }
        #expect(try await condition("first", "Shadowed") == nil)
        // Writes come to rest: what was said is not said again.
        let writes = { cluster.relay.seen.filter { $0.path.hasSuffix("/status") }.count }
        try await Task.sleep(for: .seconds(2))
        let settled = writes()
        try await Task.sleep(for: .seconds(3))
        #expect(writes() == settled)

        // The webhooks trust the root, and answer by it.
        let root = try await cluster.rootFile()
        let bundle = Base64.encode(Array((ChildProgram.read(root) ?? "").utf8))
        try await eventually("the webhooks have the root", within: .seconds(30)) {
          let injector = try await cluster.client.get(
            .mutatingWebhookConfigurations, ObjectKey(name: "istio-sidecar-injector"))
          let validator = try await cluster.client.get(
            .validatingWebhookConfigurations, ObjectKey(name: "istio-validator-istio-system"))
          func registration(_ name: String) async throws -> JSONValue {
            try await cluster.client.get(
              .mutatingWebhookConfigurations, ObjectKey(name: name))
          }
          let (tag, other) = try await (
            registration("istio-revision-tag-prod"), registration("other-mesh")
          )
          func trust(_ object: JSONValue) -> String? {
            object["webhooks"]?.arrayValue?.first?[path: ["clientConfig", "caBundle"]]?.stringValue
          }
          return trust(injector) == bundle && trust(tag) == bundle && trust(other) == nil
            && trust(validator) == bundle
            && injector["webhooks"]?.arrayValue?.first?["failurePolicy"] == "Ignore"
        }
        let injected = try await review(
          "inject", kind: ["group": "", "version": "v1", "kind": "Pod"],
          object: [
            "metadata": ["generateName": "web-", "labels": ["sidecar.istio.io/inject": "true"]],
            "spec": ["containers": [["name": "app", "image": "app"]]],
          ], cluster, root: root)
        #expect(injected["allowed"] == true)
        let patch = String(
          decoding: Base64.decode(injected["patch"]?.stringValue ?? "") ?? [], as: UTF8.self)
        #expect(patch.contains("istio-proxy"))
        let refused = try await review(
          "validate",
          kind: ["group": "networking.istio.io", "version": "v1", "kind": "Gateway"],
          object: ["metadata": ["name": "g"], "spec": [:]], cluster, root: root)
        #expect(refused["allowed"] == false)

        try await expectRenewal(of: "istio-ca-secret", cluster)

        let used =
          try JSONValue(parsing: try await cluster.page("debug/permissionz")).arrayValue?
          .compactMap(\.stringValue) ?? []
        let rules = ControlPlaneRole.clusterRules + ControlPlaneRole.namespaceRules
        let granted = rules.flatMap { rule in
          rule.resources.flatMap { resource in
            rule.verbs.map { verb in
              APIAccess(verb: verb, group: rule.group, resource: resource).description
            }
          }
        }
        #expect(Set(used).subtracting(granted).sorted() == [], "used and not granted")
        #expect(Set(granted).subtracting(used).sorted() == [], "granted and not used")
      }
    }

    /// Puts a root into the place of the control plane's that has a tenth of its life left, as istiod of old
    /// kept it: without a copy in `root-cert.pem`.
    private func expectRenewal(of name: String, _ cluster: RunningCluster) async throws {
      let key = ObjectKey(namespace: "istio-system", name: name)
      let old = try TestAuthority(age: 9 * 86_400, left: 86_400)
      func text(_ text: String) -> JSONValue { .string(Base64.encode(Array(text.utf8))) }
      _ = try await cluster.client.patch(
        .secrets, key,
        operations: [
          ["op": "add", "path": "/data/ca-cert.pem", "value": text(old.certificate)],
          ["op": "add", "path": "/data/ca-key.pem", "value": text(old.key)],
          ["op": "add", "path": "/data/root-cert.pem", "value": ""],
        ])
      let before = try #require(try Certificate.parse(pem: old.certificate).first)
      try await eventually("the root is renewed", within: .seconds(60)) {
        let data = try await cluster.client.get(.secrets, key)["data"]
        let bytes = Base64.decode(data?["ca-cert.pem"]?.stringValue ?? "") ?? []
        let root = try Certificate.parse(pem: String(decoding: bytes, as: UTF8.self)).first
        return root?.publicKey == before.publicKey && (root?.notAfter ?? 0) > before.notAfter
          && data?["root-cert.pem"] == data?["ca-cert.pem"]
      }
      // It is in force, and namespaces get it.
      try await eventually("namespaces have the renewed root", within: .seconds(60)) {
        let roots = try Certificate.parse(
          pem: ChildProgram.read(try await cluster.rootFile()) ?? "")
        return roots.contains { $0.publicKey == before.publicKey && $0.notAfter > before.notAfter }
      }
    }

    private func review(
      _ path: String, kind: JSONValue, object: JSONValue, _ cluster: RunningCluster, root: String
    ) async throws -> JSONValue {
      var tls = TLSConfiguration.makeClientConfiguration()
      tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(root))
      var settings = HTTPClient.Configuration(tlsConfiguration: tls)
      settings.dnsOverride = ["istiod.istio-system.svc": "\(cluster.network).1"]
      let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
      let body: JSONValue = [
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": [
          "uid": "1", "kind": kind, "namespace": "default", "operation": "CREATE",
          "object": object,
        ],
      ]
      do {
        var request = HTTPClientRequest(url: "https://istiod.istio-system.svc:15017/\(path)")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(body.serialized())
        let response = try await client.execute(request, timeout: .seconds(10))
        let text = try await response.body.collect(upTo: 1 << 20)
        try await client.shutdown()
        return try JSONValue(parsing: Array(text.readableBytesView))["response"] ?? .null
      } catch {
        try? await client.shutdown()
        throw error
      }
    }
  }
}

/// A self-signed authority of an operator.
private struct TestAuthority {
  let certificate: String
  let key: String

  /// One that was made `age` seconds ago and lives for another `left`.
  init(age: Int64 = 60, left: Int64 = 86_400) throws {
    let key = try PrivateKey(generating: .ecdsaP256)
    let now = Int64(Date().timeIntervalSince1970)
    var template = CertificateTemplate(
      serialNumber: try SecureRandom.bytes(16).map { $0 & 0x7F }, notBefore: now - age,
      notAfter: now + left, publicKey: try key.publicKey(), keyUsage: [.keyCertSign, .crlSign])
    template.organization = "operator \(UInt32.random(in: 0 ... .max))"
    template.isCA = true
    certificate = try template.sign(with: key, issuer: nil).pem
    self.key = try key.pem()
  }
}
