import MeshTesting
import StreamingJSON
import Testing

extension EndToEnd {
  /// The commands that ask a running control plane.
  @Suite(
    .serialized, .mesh([.init("client", app: "client"), .init("server", app: "server")]))
  struct CommandTests {
    let mesh: RunningMesh

    init() throws {
      mesh = try #require(RunningMesh.current)
    }

    @Test(.timeLimit(.minutes(1)))
    func `load certificates measures the authority, and says in one line why it cannot`() throws {
      let token = ChildProgram.run(
        RunningMesh.skein,
        [
          "ca", "token", "create", "--data-dir", mesh.directory + "/data", "--service-account",
          "default/load",
        ])
      let file = "\(mesh.directory)/load-token"
      ChildProgram.write(token.output, to: file)
      func load(_ arguments: String...) -> ChildProgram.Result {
        ChildProgram.run(
          RunningMesh.skein,
          [
            "load", "certificates", "--discovery-address", mesh.controlAddress + ":15012",
            "--tls-server-name", "localhost", "--requests", "2", "--duration", "300ms",
          ] + arguments)
      }
      let measured = load(
        "--root-cert", mesh.rootFile, "--token-file", file, "--rate", "50", "-o", "json")
      #expect(measured.status == 0, "\(measured.output)")
      let report = try measured.json
      #expect(report["signed"] == 15)
      #expect(report["errors"] == [:])
      #expect(report[path: ["latency", "count"]] == 15)
      let table = load("--root-cert", mesh.rootFile, "--token-file", file).table
      #expect(table.contains(["errors", "none"]))
      #expect(table.contains { $0.first == "pace" && $0.last?.hasPrefix("closed loop") == true })

      ChildProgram.write("skein.0.0\n", to: file + "-wrong")
      for (token, status) in [(file + "-wrong", 77 as Int32), (file + "-missing", 66)] {
        let refused = load("--root-cert", mesh.rootFile, "--token-file", token)
        #expect(refused.status == status)
        #expect(refused.output.split(separator: "\n").count == 1, "\(refused.output)")
      }
    }

    @Test(.timeLimit(.minutes(1)))
    func `apply, get and delete carry an object through its life`() throws {
      let file = "\(mesh.directory)/outside.yaml"
      func entry(_ host: String) -> String {
        """
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: outside}
        spec:
          hosts: [\(host)]
          ports: [{number: 9099, name: http, protocol: HTTP}]
          resolution: NONE
        """
      }
      ChildProgram.write(entry("one.test"), to: file)
      let rehearsal = mesh.api("apply", "-f", file, "--dry-run")
      #expect(
        (rehearsal.status, rehearsal.output) == (0, "serviceentry/outside created (dry run)\n"))
      let missing = mesh.api("get", "serviceentries", "outside")
      #expect(missing.status == 66)
      #expect(missing.output.contains("not found"))

      let created = mesh.api("apply", "-f", file)
      #expect((created.status, created.output) == (0, "serviceentry/outside created\n"))
      ChildProgram.write(entry("two.test"), to: file)
      let changed = mesh.api("apply", "-f", file)
      #expect((changed.status, changed.output) == (0, "serviceentry/outside applied\n"))

      let table = mesh.api("get", "se").table
      #expect(table.first == ["NAMESPACE", "NAME", "GENERATION", "AGE"])
      let row = try #require(table.dropFirst().first { $0.dropFirst().first == "outside" })
      #expect(row.prefix(3) == ["default", "outside", "2"])
      #expect(mesh.api("get", "se", "-o", "name").output == "serviceentry/outside\n")
      let yaml = mesh.api("get", "se", "outside", "-o", "yaml").output
      #expect(yaml.contains("kind: ServiceEntry\n"))
      #expect(yaml.contains("- two.test\n"))
      let list = try mesh.api("get", "se", "-A", "-o", "json").json
      #expect(list["kind"] == "List")
      #expect(list["items"]?.arrayValue?.first?[path: ["spec", "hosts"]] == ["two.test"])

      // What is shown can be applied again.
      ChildProgram.write(yaml, to: file)
      #expect(mesh.api("apply", "-f", file).status == 0)
      let deleted = mesh.api("delete", "se", "outside")
      #expect((deleted.status, deleted.output) == (0, "serviceentry/outside deleted\n"))
      for arguments in [
        ["delete", "se", "outside"], ["delete", "-f", file], ["get", "se", "outside"],
      ] {
        let again = mesh.api(arguments)
        #expect(again.status == 66, "\(arguments)")
        #expect(again.output.contains("not found"), "\(arguments): \(again.output)")
      }
      #expect(mesh.api("get", "se").output == "no serviceentries found\n")
    }

    @Test(.timeLimit(.minutes(1)))
    func `apply stores the good objects of a file and says where the others are wrong`() throws {
      let file = "\(mesh.directory)/mixed.yaml"
      ChildProgram.write(
        """
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: good}
        spec: {host: server}
        ---
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: bad}
        spec:
          host: server
          trafficPolicy: {outlierDetection: {maxEjectionPercent: 200}}
        """, to: file)
      let result = mesh.api("apply", "-f", file)
      #expect(result.status == 65)
      #expect(result.output.contains("destinationrule/good created\n"))
      #expect(result.output.contains("\(file):6:1: destinationrule/bad: "), "\(result.output)")
      #expect(result.output.contains("spec.trafficPolicy.outlierDetection.maxEjectionPercent"))
      #expect(mesh.api("get", "dr", "-o", "name").output == "destinationrule/good\n")
      #expect(mesh.api("delete", "dr", "good").status == 0)
    }

    @Test(.timeLimit(.minutes(1)))
    func `status shows what each proxy wants, was sent and acknowledged`() async throws {
      try await mesh.awaitSynced(proxies: 2)
      let result = mesh.ask("status")
      #expect(result.status == 0)
      let table = result.table
      #expect(
        table.first == ["PROXY", "TYPE", "STATE", "WANTED", "SENT", "ACKNOWLEDGED", "WAITING"])
      for workload in mesh.workloads {
        let rows = table.filter { $0.first?.contains("~\(workload.description.name).") == true }
        #expect(Set(rows.map { $0[1] }).isSuperset(of: ["cds", "lds", "rds"]), "\(table)")
        for row in rows {
          #expect(row.count == 7 && row[2] == "SYNCED" && row[6] == "0", "\(row)")
          #expect(row[3] == row[4] && row[4] == row[5], "\(row)")
        }
      }
      let proxies = try mesh.ask("status", "-o", "json").json.arrayValue ?? []
      #expect(proxies.count == 2)
      for proxy in proxies {
        #expect(proxy["identity"]?.stringValue?.hasPrefix("spiffe://cluster.local/ns/") == true)
        #expect(proxy["protocol"] == "delta")
        let types = proxy["types"]?.arrayValue ?? []
        #expect(types.count >= 3)
        for type in types {
          #expect(type["state"] == "SYNCED" && type["outstanding"] == 0, "\(type)")
          #expect(type["sent"] == type["acknowledged"] && type["wanted"] == type["sent"])
          #expect(type["rejections"]?.arrayValue == [])
        }
      }
    }

    @Test(.timeLimit(.minutes(1)))
    func `config shows the resources of one proxy and the objects they come from`() async throws {
      let name = "outbound|9080||server.default.svc.cluster.local"
      try await eventually("the mesh's own objects are there") {
        mesh.ask("config", "client.default").output.contains(name)
      }
      try await mesh.awaitSynced(proxies: 2)
      let table = mesh.ask("config", "client.default", "--type", "cds").table
      #expect(table.first == ["TYPE", "NAME", "VERSION", "FROM"])
      #expect(table.dropFirst().allSatisfy { $0.first == "cds" })
      let row = try #require(table.first { $0.dropFirst().first == name }, "\(table)")
      #expect(row.count == 4)
      #expect(row.last?.contains("Service/default/server") == true, "\(row)")

      let resources = try mesh.ask("config", "client.default", "-o", "json").json.arrayValue ?? []
      #expect(Set(resources.compactMap { $0["type"]?.stringValue }).count >= 4)
      let cluster = resources.first { $0["name"]?.stringValue == name }
      #expect(cluster?[path: ["resource", "name"]]?.stringValue == name)
      #expect(cluster?["version"]?.stringValue == row[2])
      let unknown = mesh.ask("config", "nobody.default")
      #expect(unknown.status == 66)
      #expect(unknown.output.contains("not connected"), "\(unknown.output)")
    }
  }
}
