import Foundation
import MeshTesting
import StreamingJSON
import Testing

extension EndToEnd {
  /// The commands that need no control plane, and those that find none.
  @Suite(.serialized)
  final class LocalCommandTests {
    private let directory = ChildProgram.temporaryPath("commands")

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

    @Test func `version says which Skein this is`() {
      let version = skein("version")
      #expect((version.status, version.output) == (0, "skein 0.1.0\n"))
      let flag = skein("--version")
      #expect((flag.status, flag.output) == (0, "0.1.0\n"))
    }

    @Test func `analyze says at which line and field a file is wrong`() {
      let bad = file(
        "bad.yaml",
        """
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata: {name: shop, namespace: default}
        spec:
          hosts: [shop]
          http:
          - timeout: soon
            route: [{destination: {host: shop}}]
          - route:
            - destination: {host: a}
              weight: -1
        """)
      let result = skein("analyze", "-f", bad)
      #expect(result.status == 65)
      #expect(result.output.contains("\(bad):7:"), "\(result.output)")
      #expect(result.output.contains("error: VirtualService default/shop: spec.http[0].timeout"))
      #expect(result.output.contains("1 objects, "), "\(result.output)")

      let good = file("good.yaml", Self.mesh)
      let clean = skein("analyze", "-f", good)
      #expect((clean.status, clean.output) == (0, "4 objects, 0 errors, 0 warnings\n"))
      let doubtful = file(
        "doubtful.yaml", Self.mesh.replacing("spec: {host", with: "spec: {hots: x, host"))
      #expect(skein("analyze", "-f", doubtful).status == 0)
      let strict = skein("analyze", "--strict", "-f", doubtful)
      #expect(strict.status == 65)
      #expect(
        strict.output.contains("warning: DestinationRule default/shop: spec.hots"), "\(strict)")

      let broken = skein("analyze", "-f", file("broken.yaml", "kind: [\n"))
      #expect(broken.status == 65)
      #expect(broken.output.contains("broken.yaml:2:1: "), "\(broken.output)")
      let missing = skein("analyze", "-f", "\(directory)/none.yaml")
      #expect(missing.status == 66)
      #expect(missing.output.contains("none.yaml does not exist"))
    }

    @Test func `translate prints what a proxy would get`() throws {
      let mesh = file("mesh.yaml", Self.mesh)
      let node = file(
        "node.json",
        """
        {"id": "sidecar~127.0.0.9~web.default~default.svc.cluster.local",
         "metadata": {"NAMESPACE": "default", "CLUSTER_ID": "Kubernetes"}}
        """)
      let result = skein("translate", "-f", mesh, "--node", node)
      #expect(result.status == 0)
      let types = try result.json
      let names = (types["cds"]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue }
      #expect(names.contains("outbound|80||shop.default.svc.cluster.local"), "\(names)")
      #expect(names.contains("outbound|80|v1|shop.default.svc.cluster.local"), "\(names)")
      #expect(types["lds"] != nil && types["vhds"] != nil && types["eds"] != nil)

      let routes = skein("translate", "-f", mesh, "--node", node, "--sotw", "--type", "rds")
      guard case .object(let whole) = try routes.json else { throw MeshFailure("no object") }
      #expect(whole.keys.map { String($0) } == ["rds"])
      let yaml = skein("translate", "-f", mesh, "--node", node, "--type", "eds", "-o", "yaml")
      #expect(yaml.output.hasPrefix("eds:\n"), "\(yaml.output)")
      #expect(yaml.output.contains("address: 127.0.0.21"), "\(yaml.output)")

      let noNode = skein("translate", "-f", mesh, "--node", "\(directory)/none.json")
      #expect(noNode.status == 66)
      let badNode = skein("translate", "-f", mesh, "--node", file("bad.json", "{\"id\": 7}"))
      #expect(badNode.status == 65)
      #expect(badNode.output.contains("bad.json: "), "\(badNode.output)")
      let noFile = skein("translate", "-f", "\(directory)/none.yaml", "--node", node)
      #expect(noFile.status == 66, "\(noFile.output)")
      let badFile = skein("translate", "-f", file("broken.yaml", "kind: [\n"), "--node", node)
      #expect(badFile.status == 65)
      #expect(badFile.output.contains("broken.yaml:2:1: "), "\(badFile.output)")
    }

    @Test func `ca makes one root and tokens that can be listed and revoked`() throws {
      let data = "\(directory)/data"
      let root = skein("ca", "root", "--data-dir", data)
      #expect(root.status == 0)
      #expect(root.output.hasPrefix("-----BEGIN CERTIFICATE-----\n"))
      #expect(root.output.hasSuffix("-----END CERTIFICATE-----\n"))
      #expect(skein("ca", "root", "--data-dir", data).output == root.output)
      let mode = try FileManager.default.attributesOfItem(atPath: data + "/ca")[.posixPermissions]
      #expect(mode as? Int == 0o700)

      let create = ["ca", "token", "create", "--data-dir", data, "--service-account"]
      let token = ChildProgram.run(RunningMesh.skein, create + ["default/web", "--ttl", "30m"])
      #expect(token.status == 0)
      let secret = token.output.trimmingCharacters(in: .newlines)
      #expect(secret.count > 20 && !secret.contains(" ") && !secret.contains("\n"))
      let list = skein("ca", "token", "list", "--data-dir", data)
      let line = try #require(list.output.split(separator: "\n").last)
      #expect(line.hasSuffix("default/web"))
      #expect(!list.output.contains(secret))
      let id = String(line.prefix { $0 != " " })
      #expect(skein("ca", "token", "revoke", "--data-dir", data, id).status == 0)
      #expect(!skein("ca", "token", "list", "--data-dir", data).output.contains("default/web"))
      #expect(skein("ca", "token", "revoke", "--data-dir", data, id).status == 64)
      for arguments in [
        ["web"], ["default/web", "--ttl", "soon"], ["default/web", "--ttl", "2y"],
      ] {
        let refused = ChildProgram.run(RunningMesh.skein, create + arguments)
        #expect(refused.status == 64, "\(arguments): \(refused.output)")
      }
    }

    @Test func `Commands that find no server end with 69 and name the address they tried`() throws {
      let address = "127.0.0.1:\(try FreePort.next())"
      let mesh = file("mesh.yaml", Self.mesh)
      for arguments in [
        ["get", "vs"], ["get", "vs", "shop"], ["apply", "-f", mesh], ["delete", "-f", mesh],
      ] {
        let result = ChildProgram.run(
          RunningMesh.skein, arguments + ["--api-address", address])
        #expect(result.status == 69, "\(arguments): \(result)")
        #expect(result.output.contains("no API answers at http://\(address)"), "\(result.output)")
        #expect(result.output.split(separator: "\n").count == 1, "\(result.output)")
      }
      for arguments in [["status"], ["config", "web.default"]] {
        let result = ChildProgram.run(
          RunningMesh.skein, arguments + ["--http-address", address])
        #expect(result.status == 69, "\(arguments): \(result)")
        #expect(
          result.output.contains("no control plane answers at \(address)"), "\(result.output)")
      }
    }

    @Test(.timeLimit(.minutes(1)))
    func `serve logs no long line, however much there is to tell`() async throws {
      let log = "\(directory)/serve.log"
      let addresses = ["api", "grpc", "secure-grpc", "monitoring", "http"].flatMap {
        ["--\($0)-address", "127.0.0.1:0"]
      }
      let program = try MeshProgram(
        "control plane",
        [
          RunningMesh.skein, "serve", "--standalone", "--data-dir", directory + "/data",
          "--log-level", "debug",
        ] + addresses, log: log)
      var text: String { ChildProgram.read(log) ?? "" }
      do {
        try await eventually("it listens") {
          text.components(separatedBy: "gRPC server listens").count == 3
        }
      } catch {
        await program.stop()
        throw error
      }
      await program.stop()
      #expect(text.contains(" debug "))
      let longest = text.split(separator: "\n").map(\.count).max() ?? 0
      #expect(longest < 1000, "\(longest) characters")
    }

    @Test func `Wrong usage ends with 64`() {
      for arguments in [
        ["get", "spaceships"], ["get"], ["delete", "vs"], ["delete"], ["apply"], ["nonsense"],
        ["get", "vs", "-o", "xml"], ["status", "-o", "xml"], ["config"],
        ["config", "web.default", "--type", "xds"],
        ["translate", "-f", "x", "--node", "y", "-o", "xml"],
      ] {
        let result = ChildProgram.run(RunningMesh.skein, arguments)
        #expect(result.status == 64, "\(arguments): \(result)")
      }
    }

    private static let mesh = """
      apiVersion: v1
      kind: Service
      metadata: {name: shop, namespace: default}
      spec:
        clusterIP: 10.0.0.1
        ports: [{name: http, port: 80, targetPort: 8080}]
      ---
      apiVersion: discovery.k8s.io/v1
      kind: EndpointSlice
      metadata: {name: shop-1, namespace: default, labels: {kubernetes.io/service-name: shop}}
      addressType: IPv4
      ports: [{name: http, port: 8080, protocol: TCP}]
      endpoints: [{addresses: [127.0.0.21], conditions: {ready: true}}]
      ---
      apiVersion: networking.istio.io/v1
      kind: DestinationRule
      metadata: {name: shop, namespace: default}
      spec: {host: shop, subsets: [{name: v1, labels: {version: v1}}]}
      ---
      apiVersion: networking.istio.io/v1
      kind: VirtualService
      metadata: {name: shop, namespace: default}
      spec:
        hosts: [shop]
        http: [{route: [{destination: {host: shop}}], timeout: 2s}]
      """
  }
}
