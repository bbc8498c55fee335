internal import Foundation
import MeshTesting
import Testing

/// What stock kubectls see, of the embedded API and, unchanged, of a real API server.
@Suite(
  .enabled(if: !Kubectl.paths.isEmpty, "SKIPPED: no kubectl; run make deps"), ContractServers())
struct KubectlContractTests {
  private static let rule = """
    apiVersion: networking.istio.io/v1
    kind: VirtualService
    metadata: {name: reviews, labels: {app: reviews}}
    spec:
      hosts: [reviews]
      http:
      - route:
        - destination: {host: reviews, subset: v1}
    """

  /// Runs a part of the contract with every server, each time in a namespace of its own.
  private func everywhere(
    _ path: String, _ body: (Kubectl, String) async throws -> Void
  ) async throws {
    #expect(!ContractServer.running.isEmpty)
    for server in ContractServer.running {
      let namespace = "t-\(UUID().uuidString.prefix(8).lowercased())"
      try await body(try await server.kubectl(path, namespace: namespace), namespace)
    }
  }

  @Test(arguments: Kubectl.paths)
  func `objects are applied, changed, edited and deleted`(path: String) async throws {
    try await everywhere(path) { kubectl, _ in
      func prints(_ text: String, _ answer: (code: Int32, output: String)) {
        #expect(answer.output == "virtualservice.networking.istio.io/reviews \(text)\n")
      }
      prints("created", try await kubectl("apply", "-f", "-", input: Self.rule))
      prints("unchanged", try await kubectl("apply", "-f", "-", input: Self.rule))
      let second = Self.rule.replacingOccurrences(of: "v1}", with: "v2}")
      prints("configured", try await kubectl("apply", "-f", "-", input: second))
      prints("edited", try await kubectl("edit", "vs/reviews", editor: "sed -i s/v2$/v3/"))
      let subset = try await kubectl(
        "get", "vs", "reviews", "-o",
        "jsonpath={.spec.http[0].route[0].destination.subset} {.metadata.generation}")
      #expect(subset.output == "v3 3")
      prints("labeled", try await kubectl("label", "vs", "reviews", "tier=gold"))
      prints(
        "patched",
        try await kubectl(
          "patch", "vs", "reviews", "--type", "json", "-p",
          #"[{"op":"replace","path":"/spec/hosts/0","value":"other"}]"#))
      let old = try await kubectl(
        "get", "virtualservices.v1alpha3.networking.istio.io", "reviews", "-o",
        "jsonpath={.apiVersion} {.spec.hosts[0]} {.metadata.labels.tier}")
      #expect(old.output == "networking.istio.io/v1alpha3 other gold")
      #expect(try await kubectl("delete", "vs", "reviews", "--timeout=20s").code == 0)
      #expect(try await kubectl("get", "vs", "reviews").output.contains("NotFound"))
    }
  }

  @Test(arguments: Kubectl.paths)
  func `appliers on the server are told of conflicts and may force`(path: String) async throws {
    try await everywhere(path) { kubectl, _ in
      func apply(
        _ text: String, _ manager: String, _ more: String...
      ) async throws -> (
        code: Int32, output: String
      ) {
        let apply = ["apply", "--server-side", "--field-manager", manager, "-f", "-"]
        return try await kubectl.run(apply + more, input: text)
      }
      #expect(try await apply(Self.rule, "one").code == 0)
      #expect(try await apply(Self.rule, "two").code == 0)
      let other = Self.rule.replacingOccurrences(of: "[reviews]", with: "[other]")
      let refused = try await apply(other, "three")
      #expect(refused.code == 1)
      #expect(refused.output.contains("conflict"), "\(refused.output)")
      #expect(refused.output.contains("\"one\""), "\(refused.output)")
      #expect(refused.output.contains(".spec.hosts"), "\(refused.output)")
      #expect(try await apply(other, "three", "--force-conflicts").code == 0)
      let managers = try await kubectl(
        "get", "vs", "reviews", "-o",
        "jsonpath={.spec.hosts[0]} {.metadata.managedFields[*].manager}")
      #expect(managers.output.hasPrefix("other "))
      #expect(managers.output.contains("three"), "\(managers.output)")
    }
  }

  @Test(arguments: Kubectl.paths)
  func `an object applied by the client goes over to the server`(path: String) async throws {
    try await everywhere(path) { kubectl, _ in
      #expect(try await kubectl("apply", "-f", "-", input: Self.rule).code == 0)
      let moved = try await kubectl("apply", "--server-side", "-f", "-", input: Self.rule)
      #expect(moved.code == 0, "\(moved.output)")
      let other = Self.rule.replacingOccurrences(of: "[reviews]", with: "[other]")
      let changed = try await kubectl("apply", "--server-side", "-f", "-", input: other)
      // A kubectl before 1.26 does not take the fields along.
      if changed.code != 0 {
        #expect(changed.output.contains("kubectl-client-side-apply"), "\(changed.output)")
        #expect(path.contains(".tools"), "\(changed.output)")
      }
    }
  }

  @Test(arguments: Kubectl.paths)
  func `what is wrong is refused before it is stored`(path: String) async throws {
    try await everywhere(path) { kubectl, _ in
      let unknown = Self.rule.replacingOccurrences(of: "hosts:", with: "future: 1\n  hosts:")
      let refused = try await kubectl("apply", "-f", "-", input: unknown)
      #expect(refused.code == 1)
      #expect(refused.output.contains("unknown field"), "\(refused.output)")
      #expect(refused.output.contains("future"), "\(refused.output)")
      let lax = try await kubectl("apply", "--validate=false", "-f", "-", input: unknown)
      #expect(lax.code == 0, "\(lax.output)")
      let type = Self.rule.replacingOccurrences(of: "[reviews]", with: "3")
      #expect(try await kubectl("apply", "-f", "-", input: type).code == 1)
      let telemetry = """
        apiVersion: telemetry.istio.io/v1
        kind: Telemetry
        metadata: {name: a}
        spec: {tracing: [{randomSamplingPercentage: many}]}
        """
      let invalid = try await kubectl(
        "apply", "--validate=false", "-f", "-", input: telemetry)
      #expect(invalid.code == 1)
      #expect(invalid.output.contains("randomSamplingPercentage"), "\(invalid.output)")
    }
  }

  @Test(arguments: Kubectl.paths)
  func `a rehearsal stores nothing, a stale replacement conflicts`(path: String) async throws {
    try await everywhere(path) { kubectl, _ in
      for way in ["client", "server"] {
        let rehearsed = try await kubectl(
          "apply", "--dry-run=\(way)", "-f", "-", input: Self.rule)
        #expect(rehearsed.code == 0, "\(rehearsed.output)")
        #expect(rehearsed.output.contains("dry run"), "\(rehearsed.output)")
      }
      #expect(try await kubectl("get", "vs", "-o", "name").output == "")
      #expect(try await kubectl("create", "-f", "-", input: Self.rule).code == 0)
      let first = try await kubectl("get", "vs", "reviews", "-o", "json")
      #expect(try await kubectl("label", "vs", "reviews", "a=b").code == 0)
      let stale = try await kubectl("replace", "-f", "-", input: first.output)
      #expect(stale.code == 1)
      #expect(stale.output.contains("the object has been modified"), "\(stale.output)")
    }
  }

  @Test(arguments: Kubectl.paths)
  func `lists are selected and come in pages`(path: String) async throws {
    try await everywhere(path) { kubectl, _ in
      for number in 0..<5 {
        let made = try await kubectl(
          "create", "configmap", "m\(number)", "--from-literal=n=\(number)")
        #expect(made.code == 0, "\(made.output)")
      }
      let paged = try await kubectl("get", "configmaps", "--chunk-size=2", "-o", "name")
      for number in 0..<5 { #expect(paged.output.contains("configmap/m\(number)\n")) }
      let named = try await kubectl(
        "get", "configmaps", "--field-selector", "metadata.name=m3", "-o", "name")
      #expect(named.output == "configmap/m3\n")
      #expect(try await kubectl("label", "configmap", "m1", "m2", "odd=maybe").code == 0)
      let labelled = try await kubectl(
        "get", "configmaps", "-l", "odd in (maybe),odd!=never", "-o", "name")
      #expect(labelled.output == "configmap/m1\nconfigmap/m2\n")
    }
  }

  @Test(arguments: Kubectl.paths)
  func `resources and their fields are explained`(path: String) async throws {
    try await everywhere(path) { kubectl, _ in
      let resources = try await kubectl(
        "api-resources", "--api-group=networking.istio.io", "-o", "wide")
      for word in ["virtualservices", "vs", "VirtualService", "destinationrules", "true"] {
        #expect(resources.output.contains(word), "\(resources.output)")
      }
      let versions = try await kubectl("api-versions")
      for version in [
        "security.istio.io/v1", "coordination.k8s.io/v1", "authentication.k8s.io/v1", "v1",
      ] {
        #expect(versions.output.contains(version))
      }
      let field = try await kubectl("explain", "destinationrules.spec.trafficPolicy.tls")
      #expect(field.code == 0, "\(field.output)")
      #expect(field.output.contains("subjectAltNames"), "\(field.output)")
      #expect(field.output.contains("SANs to accept."), "\(field.output)")
    }
  }

  @Test(arguments: Kubectl.paths)
  func `a status is written through its subresource only`(path: String) async throws {
    try await everywhere(path) { kubectl, namespace in
      #expect(try await kubectl("create", "-f", "-", input: Self.rule).code == 0)
      let raw =
        "/apis/networking.istio.io/v1/namespaces/\(namespace)/virtualservices/reviews/status"
      // Of its newest version each time: even a replacement that changes nothing may make one.
      func withStatus() async throws -> String {
        let object = try await kubectl("get", "vs", "reviews", "-o", "json")
        return object.output.replacingOccurrences(
          of: "\"spec\":", with: "\"status\": {\"observedGeneration\": \"7\"}, \"spec\":")
      }
      #expect(try await kubectl("replace", "-f", "-", input: try await withStatus()).code == 0)
      let status = ["get", "vs", "reviews", "-o", "jsonpath={.status.observedGeneration}"]
      func read() async throws -> String {
        try await kubectl.run(status).output
      }
      #expect(try await read() == "")
      let written = try await kubectl(
        "replace", "--raw", raw, "-f", "-", input: try await withStatus())
      #expect(written.code == 0, "\(written.output)")
      #expect(try await read() == "7")
    }
  }

  @Test(arguments: Kubectl.paths)
  func `service accounts get tokens that are reviewed`(path: String) async throws {
    try await everywhere(path) { kubectl, namespace in
      #expect(try await kubectl("create", "serviceaccount", "web").code == 0)
      let made = try await kubectl(
        "create", "--raw", "/api/v1/namespaces/\(namespace)/serviceaccounts/web/token", "-f", "-",
        input: """
          {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
           "spec": {"audiences": ["istio-ca"], "expirationSeconds": 600}}
          """)
      #expect(made.code == 0, "\(made.output)")
      let found = made.output.firstMatch(of: #/"token": ?"([^"]+)"/#)?.output.1
      let token = try #require(found, "\(made.output)")
      for (audience, user) in [
        ("istio-ca", "system:serviceaccount:\(namespace):web"), ("other", ""),
      ] {
        let review = """
          {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview",
           "spec": {"token": "\(token)", "audiences": ["\(audience)"]}}
          """
        let reviewed = try await kubectl(
          "create", "-o", "jsonpath={.status.user.username}", "-f", "-", input: review)
        #expect(reviewed.output == user, "\(reviewed.output)")
      }
      // kubectl has the command since 1.24.
      if try await kubectl("create", "token", "--help").output.contains("--audience") {
        let token = try await kubectl("create", "token", "web", "--audience", "istio-ca")
        #expect(token.output.split(separator: ".").count == 3, "\(token.output)")
      }
    }
  }

  @Test(arguments: Kubectl.paths)
  func `an installation applies, and applies again without change`(path: String) async throws {
    try await everywhere(path) { kubectl, namespace in
      let whole = try String(
        contentsOfFile: EnvoyBinary.packageFolder + "/Manifests/minimal.yaml", encoding: .utf8
      ).replacingOccurrences(of: "istio-system", with: namespace)
      // A server from before a version of a kind has no such object.
      let served = Set(
        try await kubectl("api-versions").output.split(separator: "\n").map(String.init))
      let manifest = whole.components(separatedBy: "\n---\n").filter { document in
        let version = document.firstMatch(of: #/(?m)^apiVersion: (.+)$/#).map {
          String($0.output.1)
        }
        let isServed = version.map(served.contains) ?? true
        if !isServed { print("SKIPPED: this server has no \(version ?? "")") }
        return isServed
      }.joined(separator: "\n---\n")
      let applied = try await kubectl("apply", "--server-side", "-f", "-", input: manifest)
      #expect(applied.code == 0, "\(applied.output)")
      let version = ["get", "deployment", "istiod", "-o", "jsonpath={.metadata.resourceVersion}"]
      func read() async throws -> String {
        try await kubectl.run(version).output
      }
      let first = try await read()
      let again = try await kubectl("apply", "--server-side", "-f", "-", input: manifest)
      #expect(again.code == 0, "\(again.output)")
      #expect(try await read() == first)
      let gone = try await kubectl(
        "delete", "--ignore-not-found", "--wait=false", "-f", "-", input: manifest)
      #expect(gone.code == 0, "\(gone.output)")
    }
  }
}
