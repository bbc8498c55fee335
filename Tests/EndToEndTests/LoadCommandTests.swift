import MeshTesting
import StreamingJSON
import Testing

extension EndToEnd {
  /// `skein load`: what it says of a control plane is what happened there.
  @Suite(.serialized, .mesh([]))
  struct LoadCommandTests {
    private static let sizes = ["--namespaces", "3", "--services", "20", "--routes", "4"]
    let mesh: RunningMesh

    init() throws {
      mesh = try #require(RunningMesh.current)
      let created = mesh.api(["load", "workload", "--pods", "2"] + Self.sizes)
      // 3 namespaces; 20 times an account, a service, 2 pods and a slice; 4 times a rule and routes.
      #expect(created.output.hasPrefix("111 objects in "), "\(created.output)")
    }

    private func proxies(_ arguments: [String]) throws -> JSONValue {
      let result = mesh.api(
        [
          "load", "proxies", "--discovery-address", mesh.controlAddress + ":15010", "--pods", "2",
          "--pid", "\(mesh.controlPlane.id)", "--timeout", "20s", "-o", "json",
        ] + Self.sizes + arguments)
      #expect(result.status == 0, "\(result.output)")
      return try result.json
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["delta", "sotw"])
    func `every proxy is complete, and every edit reaches every one`(variant: String) throws {
      let kinds = [
        "endpoint", "route", "service-added", "service-removed", "peer-authentication",
      ]
      let report = try proxies(
        ["--proxies", "6", "--xds", variant, "--edit-rate", "20"]
          + kinds.flatMap { ["--edits", "\($0)=2"] })
      #expect(report["complete"] == true)
      #expect(report[path: ["cold", "each", "count"]] == 6)
      // 20 services of 2 ports, 4 of them with 2 subsets, and those that every proxy has.
      #expect(number(report, ["cold", "per_proxy", "types", "cds", "resources"]) ?? 0 > 56)
      #expect(number(report, ["cold", "per_proxy", "types", "eds", "resources"]) == 56)
      let edits = report["edits"]?.arrayValue ?? []
      #expect(edits.map { $0["kind"]?.stringValue } == kinds)
      for edit in edits {
        #expect(edit["incomplete"] == 0, "\(edit)")
        #expect(edit[path: ["last_proxy", "count"]] == 2, "\(edit)")
        #expect(edit[path: ["each_proxy", "count"]] == 12, "\(edit)")
      }
      #expect(report["failures"] == [:])
      #expect(report["streams_lost"] == 0)
    }

    @Test(.timeLimit(.minutes(1)))
    func `proxies that refuse, never read or come back are counted as such`() throws {
      let report = try proxies(
        ["--proxies", "8", "--deaf", "25", "--refusing", "25", "--cut", "--edits", "endpoint=2"])
      #expect(report[path: ["cold", "each", "count"]] == 6)
      #expect(report["refusals"] == 2)
      #expect(report["edits"]?.arrayValue?.first?[path: ["each_proxy", "count"]] == 12)
      #expect(report[path: ["return", "each", "count"]] == 6)
      // What a proxy holds is not sent again.
      #expect(
        (number(report, ["return", "bytes_per_proxy"]) ?? .infinity)
          < (number(report, ["cold", "per_proxy", "bytes"]) ?? 0) / 10)
    }

    @Test(.timeLimit(.minutes(1)))
    func `proxies with certificates connect by mutual TLS`() throws {
      var tokens = ""
      for index in 0..<3 {
        let holder = "ns-\(index)/svc-\(index)"
        let token = ChildProgram.run(
          RunningMesh.skein,
          [
            "ca", "token", "create", "--data-dir", mesh.directory + "/data", "--service-account",
            holder,
          ])
        tokens += "\(holder) \(token.output)"
      }
      let file = mesh.directory + "/fleet-tokens"
      ChildProgram.write(tokens, to: file)
      let report = try proxies([
        "--proxies", "6", "--discovery-address", mesh.controlAddress + ":15012", "--token-file",
        file, "--root-cert", mesh.rootFile, "--tls-server-name", "localhost", "--profile",
        "trimmed",
      ])
      #expect(report["tls"] == true)
      #expect(report[path: ["cold", "each", "count"]] == 6)
    }

    @Test(.timeLimit(.minutes(1)))
    func `what cannot work is told in one line`() {
      func load(_ arguments: String...) -> ChildProgram.Result {
        ChildProgram.run(RunningMesh.skein, ["load"] + arguments)
      }
      let nobody = load("proxies", "--pid", "4194304")
      #expect(nobody.status == 66)
      #expect(nobody.output == "skein: there is no process 4194304; give --pid the server's\n")
      let silent = load(
        "proxies", "--discovery-address", mesh.controlAddress + ":9", "--proxies", "2", "--timeout",
        "500ms")
      #expect(silent.status == 75)
      #expect(silent.output.contains("0 in"), "\(silent.output)")
      #expect(silent.output.contains("cannot connect to"), "\(silent.output)")
      #expect(load("proxies", "--edits", "endpoint=0").status == 64)
      #expect(load("proxies", "--token-file", "x").status == 64)
      for rate in ["0", "-1", "nan", "1e-300", "inf"] {
        let refused = load("proxies", "--connect-rate=\(rate)")
        #expect(refused.status == 64, "\(rate): \(refused.output)")
      }
      let folder = load(
        "proxies", "--token-file", mesh.directory, "--root-cert", mesh.rootFile)
      #expect(folder.status == 66, "\(folder.output)")
      #expect(load("workload", "--api", mesh.controlAddress + ":9").status == 69)
    }

    private func number(_ report: JSONValue, _ path: [String]) -> Double? {
      switch report[path: path] {
      case .number(let number): number
      case .integer(let number): Double(number)
      default: nil
      }
    }
  }
}
