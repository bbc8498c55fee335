import Foundation
import MeshTesting
import Testing

extension EndToEnd {
  /// Whatever a user writes: the object and the field are named, and nothing else is harmed.
  @Suite(
    .serialized, .mesh([.init("client", app: "client"), .init("server", app: "server")]))
  struct BadInputTests {
    let mesh: RunningMesh

    init() throws {
      mesh = try #require(RunningMesh.current)
    }

    /// Documents with what an error about them has to say.
    private static let documents: [(name: String, text: String, says: [String])] = [
      (
        "a wrong type",
        virtualService("http: [{route: [{destination: {host: server}, weight: x}]}]"),
        ["VirtualService", "bad", "spec.http[0].route[0].weight"]
      ),
      (
        "an invalid enum",
        """
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: bad, namespace: default}
        spec: {host: server, trafficPolicy: {tls: {mode: SOMETIMES}}}
        """, ["DestinationRule", "bad", "spec.trafficPolicy.tls.mode"]
      ),
      (
        "a bad regular expression",
        virtualService(
          "http: [{match: [{uri: {regex: '('}}], route: [{destination: {host: server}}]}]"),
        ["spec.http[0].match[0].uri.regex", "not closed"]
      ),
      (
        "a host that appears twice",
        virtualService(
          "http: [{route: [{destination: {host: server}}]}]", hosts: "[server, server]"),
        ["spec.hosts"]
      ),
      (
        "weights that sum to nothing",
        virtualService(
          "http: [{route: [{destination: {host: a}, weight: 0}, {destination: {host: b}, weight: 0}]}]"
        ),
        ["spec.http[0].route", "weight"]
      ),
      (
        "a port out of range",
        virtualService(
          "http: [{route: [{destination: {host: server, port: {number: 70000}}}]}]"),
        ["spec.http[0].route[0].destination.port.number"]
      ),
      (
        "a NUL byte",
        virtualService(
          "http: [{route: [{destination: {host: server}}]}]", hosts: "[\"a\\0b\"]"), ["spec.hosts"]
      ),
      (
        "nesting of 10,000 levels",
        virtualService(
          "http: " + String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)),
        ["deep"]
      ),
      (
        "an object of more than 1.5 MiB",
        virtualService(
          "http: [{name: \"\(String(repeating: "x", count: 1_700_000))\", "
            + "route: [{destination: {host: server}}]}]"), ["large"]
      ),
      ("an alias bomb", aliasBomb, ["alias"]),
      (
        "a kind that nobody knows",
        "{apiVersion: example.org/v1, kind: Sail, metadata: {name: bad}}", ["Sail"]
      ),
      ("text that is no YAML", "{a: [", [".yaml:"]),
    ]

    private static func virtualService(_ rules: String, hosts: String = "[server]") -> String {
      """
      apiVersion: networking.istio.io/v1
      kind: VirtualService
      metadata: {name: bad, namespace: default}
      spec:
        hosts: \(hosts)
        \(rules)
      """
    }

    private static let aliasBomb: String =
      "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
      + (1..<12).map { index in
        let alias = "*a\(index - 1)"
        return
          "a\(index): &a\(index) [\(Array(repeating: alias, count: 10).joined(separator: ", "))]"
      }.joined(separator: "\n")

    @Test(.timeLimit(.minutes(2)))
    func `Every fault is named with its place and the mesh goes on`() async throws {
      let client = try mesh["client"]
      let process = mesh.controlPlane.id
      try await eventually("the mesh answers") { try await client.ask("server").status == 200 }
      for (name, text, says) in Self.documents {
        let result = await apply(text)
        #expect(result.status != 0 && result.status < 128, "\(name): \(result.output.prefix(500))")
        for part in says {
          #expect(result.output.contains(part), "\(name): \(result.output.prefix(500))")
        }
        #expect(result.output.utf8.count < 4096, "\(name): an error nobody reads")
        #expect(try await client.ask("server").status == 200, "\(name)")
      }
      #expect(!mesh.controlPlane.hasEnded && mesh.controlPlane.id == process)
    }

    @Test(.timeLimit(.minutes(1)))
    func `A field that nobody knows is kept and told`() async throws {
      let result = await apply(
        Self.virtualService(
          "future: 1\n  http: [{route: [{destination: {host: server}}]}]"
        ).replacingOccurrences(of: "name: bad", with: "name: odd"))
      #expect(result.status == 0)
      #expect(result.output.contains("spec.future"), "\(result.output)")
      let kept = await run([
        "get", "virtualservice", "odd", "-n", "default", "-o", "yaml", "--api-address", server,
      ])
      #expect(kept.output.contains("future: 1"), "\(kept.output)")
      _ = await run(["delete", "virtualservice", "odd", "-n", "default", "--api-address", server])
    }

    private var server: String { "http://\(mesh.controlAddress):8001" }

    private func apply(_ text: String) async -> ChildProgram.Result {
      let path = ChildProgram.temporaryPath("bad.yaml")
      ChildProgram.write(text, to: path)
      defer { unlink(path) }
      return await run(["apply", "-f", path, "--api-address", server])
    }

    /// Runs the program on a thread of its own, for it may take long.
    private func run(_ arguments: [String]) async -> ChildProgram.Result {
      await withCheckedContinuation { continuation in
        Thread.detachNewThread {
          continuation.resume(returning: ChildProgram.run(RunningMesh.skein, arguments))
        }
      }
    }
  }
}
