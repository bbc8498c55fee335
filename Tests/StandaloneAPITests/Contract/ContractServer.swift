internal import Foundation
import MeshTesting
import Testing

/// A server the contract holds for: the embedded API, and a real API server where there is one.
struct ContractServer: Sendable, CustomTestStringConvertible {
  var name: String
  var url: String
  var options: [String]
  var folder: String

  var testDescription: String { name }

  @TaskLocal static var running: [ContractServer] = []

  /// Makes Istio's kinds known, as an installation does, and a namespace for a test.
  func kubectl(_ path: String, namespace: String) async throws -> Kubectl {
    let plain = Kubectl(path, server: url, home: folder, options: options)
    let made = try await plain("create", "namespace", namespace)
    #expect(made.code == 0, "\(made.output)")
    return Kubectl(path, server: url, home: folder, options: options + ["-n", namespace])
  }

  func prepare() async throws {
    let kubectl = Kubectl(Kubectl.paths[0], server: url, home: folder, options: options)
    // A real server needs some seconds before it answers.
    for _ in 0..<120 {
      if try await kubectl("get", "--raw", "/readyz").code == 0 { break }
      try await Task.sleep(for: .milliseconds(500))
    }
    let crds = EnvoyBinary.packageFolder + "/Manifests/crds"
    let applied = try await kubectl("apply", "--server-side", "-f", crds)
    #expect(applied.code == 0, "\(applied.output)")
    let established = try await kubectl(
      "wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
    #expect(established.code == 0, "\(established.output)")
  }
}

/// Runs the servers around a suite.
struct ContractServers: SuiteTrait, TestScoping {
  func provideScope(
    for test: Test, testCase: Test.Case?,
    performing body: @concurrent @Sendable () async throws -> Void
  ) async throws {
    try await RunningAPI.run { api in
      let embedded = ContractServer(
        name: "embedded", url: api.url, options: [], folder: api.folder)
      try await embedded.prepare()
      guard let assets = KubernetesServer.assets else {
        try await ContractServer.$running.withValue([embedded]) { try await body() }
        return
      }
      let folder = try RunningAPI.temporaryFolder()
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let server = try KubernetesServer(assets: assets, folder: folder)
      do {
        try server.start()
        let real = ContractServer(
          name: "kubernetes", url: server.url,
          options: ["--insecure-skip-tls-verify", "--token", KubernetesServer.administrator],
          folder: folder)
        try await real.prepare()
        try await ContractServer.$running.withValue([embedded, real]) { try await body() }
        await server.stop()
      } catch {
        await server.stop()
        throw error
      }
    }
  }
}
