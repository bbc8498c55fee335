import Foundation
import MeshTesting
import StreamingJSON
import Testing

extension EndToEnd {
  /// `skein inject` on files, and what the agent makes of the arguments it puts into pods.
  @Suite(.serialized)
  final class InjectCommandTests {
    private let directory = ChildProgram.temporaryPath("inject")

    init() throws {
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true)
    }

    deinit {
      try? FileManager.default.removeItem(atPath: directory)
    }

    private func skein(_ arguments: String...) -> ChildProgram.Result {
      ChildProgram.run(RunningMesh.skein, arguments)
    }

    private func file(_ name: String, _ text: String) -> String {
      let path = "\(directory)/\(name)"
      ChildProgram.write(text, to: path)
      return path
    }

    private static let workload = """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: web, namespace: shop}
      spec:
        template:
          metadata:
            labels: {app: web, tier: front}
          spec:
            containers:
            - name: web
              image: web:1
              readinessProbe: {httpGet: {port: 8080}}
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: web, namespace: shop}
      spec: {ports: [{name: http, port: 80}]}
      """

    @Test func `workloads get a proxy, other objects stay, a second run changes nothing`() throws {
      let given = file("web.yaml", Self.workload)
      for native in ["true", "false"] {
        let once = skein("inject", "-f", given, "--native-sidecar", native)
        #expect(once.status == 0, "\(once.output)")
        #expect(once.output.contains("name: istio-proxy"))
        #expect(once.output.contains("kind: Service"))
        #expect(once.output.contains("restartPolicy: Always") == (native == "true"))
        let again = skein(
          "inject", "-f", file("once.yaml", once.output), "--native-sidecar", native)
        #expect(again.output == once.output)
      }
    }

    @Test func `an installation's own settings apply to files too`() {
      let settings = file(
        "injector.yaml",
        """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: istio-sidecar-injector}
        data:
          config: |
            policy: enabled
            injectedAnnotations: {team: mesh}
          values: '{"global": {"hub": "r.test/i", "tag": "9.9", "proxy": {"image": "proxyv2"}}}'
        """)
      let result = skein(
        "inject", "-f", file("web.yaml", Self.workload), "--injector-config", settings)
      #expect(result.status == 0, "\(result.output)")
      #expect(result.output.contains("image: r.test/i/proxyv2:9.9"))
      #expect(result.output.contains("team: mesh"))
    }

    @Test func `a pod that cannot get one is told with its line, and nothing is printed`() {
      let bad = file(
        "bad.yaml",
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          template:
            metadata:
              annotations:
                sidecar.istio.io/proxyCPU: lots
            spec: {containers: [{name: web, image: w}]}
        """)
      let result = skein("inject", "-f", bad)
      #expect(result.status == 65)
      #expect(result.output.hasPrefix("\(bad):8:"), "\(result.output)")
      #expect(result.output.contains("proxyCPU"))
      #expect(!result.output.contains("kind: Deployment"))
      #expect(skein("inject", "-f", "\(directory)/none.yaml").status == 66)
    }

    @Test func `analyze finds what the webhooks would refuse, for people and for programs`() throws
    {
      let bad = file(
        "policies.yaml",
        """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: {name: deny}
        spec: {action: DENY}
        ---
        apiVersion: v1
        kind: Pod
        metadata:
          name: web
          annotations: {sidecar.istio.io/interceptionMode: MAGIC}
        spec: {containers: [{name: web, image: w}]}
        """)
      let text = skein("analyze", "-f", bad, "-n", "shop")
      #expect(text.status == 65)
      #expect(
        text.output.contains(
          "\(bad):4:1: error: AuthorizationPolicy shop/deny: spec.rules: "), "\(text.output)")
      let list = skein("analyze", "-f", bad, "-o", "json")
      let line = try #require(list.output.split(separator: "\n").first { $0.hasPrefix("[") })
      let findings = try #require(try JSONValue(parsing: String(line)).arrayValue)
      #expect(findings.count == 2)
      #expect(findings.last?["line"] == 10)
      #expect(findings.last?["remedy"] == "use REDIRECT, TPROXY or NONE")
    }

    @Test func `analyze passes over what is not the mesh's, and looks at every kind of workload`()
      throws
    {
      let folder = "\(directory)/chart"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      func workload(_ mode: String) -> String {
        """
        apiVersion: apps/v1
        kind: StatefulSet
        metadata: {name: web, namespace: shop}
        spec:
          template:
            metadata: {annotations: {sidecar.istio.io/interceptionMode: \(mode)}}
            spec: {containers: [{name: web, image: w}]}
        ---
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: web}
        """
      }
      try workload("TPROXY").write(
        toFile: "\(folder)/web.yaml", atomically: true, encoding: .utf8)
      // A link to a folder is a folder.
      let link = "\(directory)/current"
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder)
      let good = skein("analyze", "-f", link)
      #expect(good.status == 0, "\(good.output)")
      #expect(good.output.contains("2 objects, 0 errors"))
      try workload("MAGIC").write(
        toFile: "\(folder)/web.yaml", atomically: true, encoding: .utf8)
      let bad = skein("analyze", "-f", link)
      #expect(bad.status == 65)
      #expect(bad.output.contains("web.yaml:6:"), "\(bad.output)")
      #expect(
        bad.output.contains("error: StatefulSet shop/web: spec.template.metadata.annotations"))
      let misspelled = file(
        "misspelled.yaml", "{apiVersion: networking.istio.io/v1, kind: Gatway, metadata: {name: g}}"
      )
      #expect(skein("analyze", "-f", misspelled).status == 65)
    }

    @Test func `who gets no proxy is told why`() {
      let host = file(
        "host.yaml",
        "{apiVersion: v1, kind: Pod, metadata: {name: agent}, spec: {hostNetwork: true, containers: []}}"
      )
      let result = skein("inject", "-f", host, "-o", "json")
      #expect(result.status == 0)
      #expect(result.output.contains("not injected: the pod uses the network of its node"))
    }

    @Test(.enabled(if: EnvoyBinary.path != nil, "there is no Envoy"))
    func `the arguments of Skein's agent make a bootstrap that Envoy accepts`() async throws {
      let envoy = try #require(EnvoyBinary.path)
      let given = file("web.yaml", Self.workload)
      let result = skein(
        "inject", "-f", given, "--agent", "skein", "--image", "mesh/skein:1", "-o", "json",
        "--discovery-address", "127.0.0.1:1")
      let first = try #require(result.output.split(separator: "\n").first)
      let object = try JSONValue(parsing: String(first))
      let containers = object[path: ["spec", "template", "spec", "containers"]]?.arrayValue ?? []
      let proxy = try #require(containers.first { $0["name"] == "istio-proxy" })
      let values = [
        "INSTANCE_IP": "10.1.2.3", "POD_NAME": "web-1", "POD_NAMESPACE": "shop",
        "SERVICE_ACCOUNT": "web",
      ]
      var arguments = (proxy["args"]?.arrayValue ?? []).compactMap(\.stringValue).map { argument in
        values.reduce(argument) {
          $0.replacingOccurrences(of: "$(\($1.key))", with: $1.value)
        }
      }
      let place = try #require(arguments.firstIndex(of: "--config-dir"))
      arguments[place + 1] = "\(directory)/proxy"
      arguments += ["--envoy", envoy, "--status-port", "0"]
      let agent = try MeshProgram(
        "agent", [RunningMesh.skein] + arguments, log: "\(directory)/agent.log")
      let bootstrap = "\(directory)/proxy/envoy-bootstrap.json"
      do {
        try await eventually("the bootstrap is written") {
          FileManager.default.fileExists(atPath: bootstrap)
        }
      } catch {
        Issue.record("\(ChildProgram.read("\(directory)/agent.log") ?? "")")
      }
      await agent.stop()
      let verdict = ChildProgram.run(
        envoy, ["--mode", "validate", "-c", bootstrap, "--log-level", "warning"])
      #expect(verdict.status == 0, "\(verdict.output)")
      let node = try JSONValue(
        parsing: Array(try Data(contentsOf: URL(fileURLWithPath: bootstrap))))["node"]
      #expect(node?["id"] == "sidecar~10.1.2.3~web-1.shop~shop.svc.cluster.local")
      #expect(node?[path: ["metadata", "LABELS", "tier"]] == "front")
    }
  }
}
