import EnvoyAPI
import EnvoyTranslation
import MeshTesting
import StreamingJSON
import Testing
import XDSProtocol

/// Every folder in Fixtures holds a mesh, and for each proxy what it gets.
///
/// `UPDATE_GOLDEN=1` in the environment writes the results anew.
struct GoldenTests {
  static let fixtures = EnvoyBinary.packageFolder + "/Tests/EnvoyTranslationTests/Fixtures"
  static let cases = ChildProgram.names(in: fixtures)

  @Test("A mesh gives the configuration that its fixture holds", arguments: cases)
  func golden(name: String) async throws {
    let folder = "\(Self.fixtures)/\(name)"
    let mesh = try MeshDocuments(try #require(ChildProgram.read("\(folder)/mesh.yaml")))
    #expect(mesh.ingest.reports.filter(\.isRejected).isEmpty, "\(mesh.ingest.reports)")
    for (proxy, node) in try Self.proxies() {
      let state = await MeshTranslation(snapshot: mesh.snapshot).open(node) {}.current()
      let actual = Self.text(state)
      let file = "\(folder)/\(proxy).json"
      if Environment.updatesGolden {
        ChildProgram.write(actual, to: file)
        continue
      }
      let expected = try #require(
        ChildProgram.read(file), "\(file) is missing; run UPDATE_GOLDEN=1 make test")
      #expect(actual == expected, "\(file) differs; UPDATE_GOLDEN=1 make test writes it anew")
    }
  }

  @Test("Fixtures hold nothing but meshes and results of proxies that exist", arguments: cases)
  func stale(name: String) throws {
    let known = Set(try Self.proxies().map { "\($0.0).json" } + ["mesh.yaml"])
    #expect(Set(ChildProgram.names(in: "\(Self.fixtures)/\(name)")) == known)
  }

  @Test(
    "Envoy loads whatever a fixture's mesh gives",
    .enabled(if: EnvoyBinary.path != nil, "SKIPPED: no Envoy; run make deps"), arguments: cases)
  func loads(name: String) async throws {
    let envoy = try #require(EnvoyBinary.path)
    let mesh = try MeshDocuments(
      try #require(ChildProgram.read("\(Self.fixtures)/\(name)/mesh.yaml")))
    for (proxy, node) in try Self.proxies() {
      let state = await MeshTranslation(snapshot: mesh.snapshot).open(node) {}.current()
      let path = ChildProgram.temporaryPath("validate.json")
      defer { _ = ChildProgram.run("/bin/rm", ["-f", path]) }
      let text = String(decoding: EnvoyValidation.bootstrap(state).serialized(), as: UTF8.self)
      ChildProgram.write(text, to: path)
      let result = ChildProgram.run(
        envoy, ["--mode", "validate", "-l", "error", "--disable-hot-restart", "-c", path])
      #expect(result.status == 0, "\(name) for \(proxy): \(result.output.prefix(2000))")
    }
  }

  /// The proxies of every fixture.
  static func proxies() throws -> [(String, ProxyNode)] {
    var gateway = try ProxyNodes.node(
      type: "router", name: "gateway", address: "10.44.0.14", labels: ["istio": "ingressgateway"])
    gateway.verifiedIdentity = "spiffe://cluster.local/ns/default/sa/gateway"
    return [
      (
        "stock",
        try ProxyNodes.node(
          name: "client", address: "10.44.0.11", labels: ["app": "client", "version": "v1"])
      ),
      (
        "istio",
        try ProxyNodes.node(
          name: "server", address: "10.44.0.12", labels: ["app": "server", "version": "v1"],
          isDelta: false, extensions: ["istio.alpn"])
      ),
      (
        "loopback",
        try ProxyNodes.node(
          name: "server", address: "10.44.0.13", labels: ["app": "server", "version": "v2"],
          metadata: ["INTERCEPTION_MODE": "NONE"])
      ),
      ("gateway", gateway),
    ]
  }

  private static func text(_ state: ResourceState) -> String {
    var object = JSONObject()
    for type in ResourceType.allCases {
      let resources = state.all(type).sorted { $0.name < $1.name }
      if !resources.isEmpty {
        object[type.shortName] = .array(resources.map(EnvoyValidation.json))
      }
    }
    return PrettyJSON.text(.object(object))
  }
}
