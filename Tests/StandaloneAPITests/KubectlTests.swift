internal import Foundation
import MeshTesting
internal import StreamingJSON
import Testing

@Suite(.enabled(if: !Kubectl.paths.isEmpty, "SKIPPED: no kubectl; run make deps"))
struct KubectlTests {
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

  @Test(arguments: Kubectl.paths)
  func `kubectl applies, reads, changes and deletes`(path: String) async throws {
    try await RunningAPI.run { api in
      let kubectl = Kubectl(path, for: api)
      let created = try await kubectl("apply", "-f", "-", input: Self.rule)
      #expect(created.output == "virtualservice.networking.istio.io/reviews created\n")
      let again = try await kubectl("apply", "-f", "-", input: Self.rule)
      #expect(again.output == "virtualservice.networking.istio.io/reviews unchanged\n")
      let changed = try await kubectl(
        "apply", "-f", "-", input: Self.rule.replacingOccurrences(of: "v1}", with: "v2}"))
      #expect(changed.output == "virtualservice.networking.istio.io/reviews configured\n")
      let table = try await kubectl("get", "vs")
      #expect(table.output.contains("NAME      GATEWAYS   HOSTS         AGE"), "\(table.output)")
      #expect(table.output.contains("[\"reviews\"]"))
      let yaml = try await kubectl("get", "vs", "reviews", "-o", "yaml")
      #expect(yaml.output.contains("subset: v2"))
      #expect(yaml.output.contains("generation: 2"))
      let patched = try await kubectl(
        "patch", "vs", "reviews", "--type", "merge", "-p", #"{"spec":{"hosts":["other"]}}"#)
      #expect(patched.output.contains("patched"), "\(patched.output)")
      let label = try await kubectl("label", "vs", "reviews", "tier=gold")
      #expect(label.output.contains("labeled"), "\(label.output)")
      let selected = try await kubectl("get", "vs", "-l", "tier=gold", "-o", "name")
      #expect(selected.output == "virtualservice.networking.istio.io/reviews\n")
      let old = try await kubectl(
        "get", "virtualservices.v1alpha3.networking.istio.io", "reviews", "-o",
        "jsonpath={.apiVersion}{.spec.hosts[0]}")
      #expect(old.output == "networking.istio.io/v1alpha3other")
      let deleted = try await kubectl("delete", "vs", "reviews", "--timeout=20s")
      #expect(deleted.output.contains("deleted"), "\(deleted.output)")
      let gone = try await kubectl("get", "vs", "reviews")
      #expect(gone.code == 1)
      #expect(gone.output.contains("NotFound"))
    }
  }

  @Test(arguments: Kubectl.paths)
  func `kubectl is told which field is wrong`(path: String) async throws {
    try await RunningAPI.run { api in
      let kubectl = Kubectl(path, for: api)
      let bad = Self.rule.replacingOccurrences(
        of: "subset: v1", with: "subset: v1, port: {number: 0}")
      let refused = try await kubectl("apply", "-f", "-", input: bad)
      #expect(refused.code == 1)
      #expect(
        refused.output.contains("spec.http[0].route[0].destination.port.number"),
        "\(refused.output)")
      let unknown = Self.rule.replacingOccurrences(of: "hosts:", with: "future: 1\n  hosts:")
      let strict = try await kubectl("apply", "-f", "-", input: unknown)
      #expect(strict.code == 1)
      #expect(strict.output.contains("unknown field"), "\(strict.output)")
      let namespace = try await kubectl("apply", "-n", "nowhere", "-f", "-", input: Self.rule)
      #expect(namespace.output.contains("namespaces \"nowhere\" not found"), "\(namespace.output)")
    }
  }

  @Test(arguments: Kubectl.paths)
  func `kubectl can rehearse and can apply on the server`(path: String) async throws {
    try await RunningAPI.run { api in
      let kubectl = Kubectl(path, for: api)
      let rehearsed = try await kubectl("apply", "--dry-run=server", "-f", "-", input: Self.rule)
      #expect(rehearsed.output.contains("created (server dry run)"), "\(rehearsed.output)")
      #expect(try await kubectl("get", "vs", "-o", "name").output == "")
      let applied = try await kubectl("apply", "--server-side", "-f", "-", input: Self.rule)
      #expect(applied.output.contains("serverside-applied"), "\(applied.output)")
      let services = """
        apiVersion: v1
        kind: Service
        metadata: {name: a}
        spec: {selector: {app: a}, ports: [{name: http, port: 80}]}
        """
      #expect(try await kubectl("apply", "-f", "-", input: services).code == 0)
      let more = services.replacingOccurrences(of: "port: 80", with: "port: 80, appProtocol: http2")
      let changed = try await kubectl("apply", "-f", "-", input: more)
      #expect(changed.output == "service/a configured\n")
      let port = try await kubectl(
        "get", "svc", "a", "-o", "jsonpath={.spec.ports[0].appProtocol}{.spec.ports[0].targetPort}")
      #expect(port.output == "http280")
      let namespace = try await kubectl("create", "namespace", "shop")
      #expect(namespace.output == "namespace/shop created\n")
      #expect(try await kubectl("create", "serviceaccount", "x", "-n", "shop").code == 0)
      let everywhere = try await kubectl("get", "sa", "-A")
      #expect(everywhere.output.contains("shop"), "\(everywhere.output)")
      #expect(try await kubectl("delete", "namespace", "shop", "--timeout=20s").code == 0)
      #expect(try await kubectl("get", "sa", "-A").output.contains("shop") == false)
    }
  }

  @Test(arguments: Kubectl.paths)
  func `kubectl watches changes as they happen`(path: String) async throws {
    try await RunningAPI.run { api in
      let kubectl = Kubectl(path, for: api)
      #expect(try await kubectl("apply", "-f", "-", input: Self.rule).code == 0)
      async let watched = kubectl("get", "vs", "-w", "--request-timeout=4s", "-o", "name")
      var names: [String] = []
      for number in 0..<3 {
        let rule = Self.rule.replacingOccurrences(of: "name: reviews", with: "name: r\(number)")
        #expect(try await kubectl("apply", "-f", "-", input: rule).code == 0)
        names.append("virtualservice.networking.istio.io/r\(number)")
      }
      let output = try await watched.output
      for name in names { #expect(output.contains(name), "\(output)") }
    }
  }

  @Test(arguments: Kubectl.paths)
  func `the sample application applies and is unchanged the second time`(path: String) async throws
  {
    let folder =
      (ProcessInfo.processInfo.environment["SKEIN_CONFORMANCE"] ?? EnvoyBinary.packageFolder
        + "/../shared/conformance")
      + "/bookinfo"
    let files = [
      "bookinfo.yaml", "destination-rule-all.yaml", "virtual-service-all-v1.yaml",
      "bookinfo-gateway.yaml",
    ]
    guard files.allSatisfy({ FileManager.default.fileExists(atPath: "\(folder)/\($0)") }) else {
      print("SKIPPED: there is no sample application in \(folder)")
      return
    }
    try await RunningAPI.run { api in
      let kubectl = Kubectl(path, for: api)
      for file in files {
        let created = try await kubectl("apply", "-f", "\(folder)/\(file)")
        #expect(created.code == 0, "\(created.output)")
        let again = try await kubectl("apply", "-f", "\(folder)/\(file)")
        for line in again.output.split(separator: "\n") {
          #expect(line.hasSuffix(" unchanged"), "\(file): \(line)")
        }
      }
      let services = try await kubectl("get", "svc,sa,deploy,vs,dr,gw")
      #expect(services.code == 0, "\(services.output)")
      #expect(services.output.contains("service/productpage"))
    }
  }
}
