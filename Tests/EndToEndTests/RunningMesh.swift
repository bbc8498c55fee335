import AsyncHTTPClient
import Foundation
import MeshTesting
import NIOCore
import StreamingJSON
import Synchronization
import Testing

/// A control plane and workloads on loopback addresses, each workload with a real Envoy.
final class RunningMesh: Sendable {
  /// The mesh of the suite that runs.
  @TaskLocal static var current: RunningMesh?

  /// The first three numbers of the mesh's addresses, its own for each mesh.
  let network: String
  let directory: String
  /// The lifetime of the workloads' certificates, as `--cert-ttl` takes it.
  let certificateLifetime: String
  private let state: Mutex<(controlPlane: MeshProgram, workloads: [Workload])>

  /// `skein` as it was built with the tests.
  static let skein = EnvoyBinary.packageFolder + "/.build/debug/skein"

  var controlPlane: MeshProgram { state.withLock(\.controlPlane) }
  var workloads: [Workload] { state.withLock(\.workloads) }
  private var programs: [MeshProgram] { workloads.flatMap(\.programs) }
  var controlAddress: String { "\(network).1" }
  var rootFile: String { "\(directory)/root.pem" }

  private init(
    directory: String, network: String, certificateLifetime: String, controlPlane: MeshProgram
  ) {
    self.directory = directory
    self.network = network
    self.certificateLifetime = certificateLifetime
    state = Mutex((controlPlane: controlPlane, workloads: []))
  }

  /// Runs a test with a mesh, which is gone afterwards; prints what its programs said if it fails.
  static func run<Value>(
    certificateLifetime: String = "1h", _ body: (RunningMesh) async throws -> Value
  ) async throws -> Value {
    let mesh = try await start(certificateLifetime)
    do {
      let value = try await body(mesh)
      await mesh.stop()
      return value
    } catch {
      mesh.printLogs()
      await mesh.stop()
      throw error
    }
  }

  private static func start(_ certificateLifetime: String) async throws -> RunningMesh {
    let directory = ChildProgram.temporaryPath("mesh")
    try FileManager.default.createDirectory(
      atPath: directory + "/config", withIntermediateDirectories: true)
    let network = "127.\(Int.random(in: 1...120)).\(Int.random(in: 0...250))"
    let mesh = RunningMesh(
      directory: directory, network: network, certificateLifetime: certificateLifetime,
      controlPlane: try controlPlane(directory: directory, network: network))
    do {
      try await mesh.awaitReady()
      let root = ChildProgram.run(skein, ["ca", "root", "--data-dir", directory + "/data"])
      ChildProgram.write(root.output, to: mesh.rootFile)
      return mesh
    } catch {
      mesh.printLogs()
      await mesh.stop()
      throw error
    }
  }

  private static func controlPlane(directory: String, network: String) throws -> MeshProgram {
    let host = "\(network).1"
    return try MeshProgram(
      "control plane",
      [
        skein, "serve", "--standalone", "--data-dir", directory + "/data",
        "--config", directory + "/config", "--api-address", host + ":8001",
        "--grpc-address", host + ":15010", "--secure-grpc-address", host + ":15012",
        "--monitoring-address", host + ":15014", "--http-address", host + ":8080",
      ], log: directory + "/control-plane.log")
  }

  /// Starts the control plane again, after it was ended or killed.
  func restartControlPlane() async throws {
    let next = try Self.controlPlane(directory: directory, network: network)
    state.withLock { $0.controlPlane = next }
    try await awaitReady()
  }

  private func awaitReady() async throws {
    try await eventually("the control plane is ready") {
      try await self.get("http://\(self.controlAddress):8080/ready").status == 200
    }
  }

  private func stop() async {
    await withTaskGroup { group in
      for program in programs + [controlPlane] { group.addTask { await program.stop() } }
    }
    try? FileManager.default.removeItem(atPath: directory)
  }

  /// Prints what helps to see why a test failed.
  func report() async {
    printLogs()
    print(statusText())
    for workload in workloads {
      let statistics =
        "stats?filter=(upstream_cx_connect_fail%7Cupstream_rq_5xx%7Crejected%7Cwarming)"
      let page = try? await get("http://127.0.0.1:\(workload.adminPort)/\(statistics)")
      let clusters = try? await get("http://127.0.0.1:\(workload.adminPort)/clusters")
      let lines = [page, clusters].flatMap { ($0?.body ?? "").split(separator: "\n") }
        .filter { !$0.hasSuffix(": 0") }
      print("── Envoy of \(workload.description.name)\n" + lines.joined(separator: "\n"))
    }
  }

  /// Prints the ends of all logs.
  func printLogs() {
    for program in [controlPlane] + programs {
      let lines = (ChildProgram.read(program.log) ?? "").split(separator: "\n").suffix(15)
      print("── \(program.name)\(program.hasEnded ? " (ended)" : "")")
      for line in lines { print("   \(line)") }
    }
  }

  // MARK: Configuration

  /// Makes a file of the folder that the control plane follows say this.
  func apply(_ yaml: String, as name: String) throws {
    let path = "\(directory)/config/\(name).yaml"
    guard ChildProgram.write(yaml, to: path + ".part"), rename(path + ".part", path) == 0 else {
      throw MeshFailure("cannot write \(path)")
    }
  }

  /// Removes a file of the folder, and with it what it had brought.
  func remove(_ name: String) {
    unlink("\(directory)/config/\(name).yaml")
  }

  /// Starts workloads, each an application and an Envoy, and waits until all are ready.
  func start(_ descriptions: [WorkloadDescription]) async throws {
    let first = workloads.count
    for description in descriptions {
      let token = ChildProgram.run(
        Self.skein,
        [
          "ca", "token", "create", "--data-dir", directory + "/data", "--service-account",
          "default/\(description.app)",
        ])
      guard token.status == 0 else { throw MeshFailure("no token: \(token.output)") }
      let workload = try Workload(
        description, address: "\(network).\(10 + workloads.count)",
        .init(
          directory: directory, controlAddress: controlAddress, rootFile: rootFile,
          certificateLifetime: certificateLifetime, token: token.output))
      state.withLock { $0.workloads.append(workload) }
    }
    try apply(MeshObjects.yaml(workloads.map { ($0.description, $0.address) }), as: "mesh")
    for workload in workloads[first...] {
      try await eventually("\(workload.description.name) is ready", within: .seconds(30)) {
        guard !workload.agent.hasEnded else { throw MeshFailure("its agent has ended") }
        return try await self.get("http://127.0.0.1:\(workload.statusPort)/healthz/ready").status
          == 200
      }
    }
  }

  subscript(name: String) -> Workload {
    get throws {
      guard let workload = workloads.first(where: { $0.description.name == name }) else {
        throw MeshFailure("there is no workload \(name)")
      }
      return workload
    }
  }

  // MARK: Questions

  /// The body and status of a page.
  func get(
    _ url: String, headers: [(String, String)] = []
  ) async throws -> (
    status: Int, body: String
  ) {
    var request = HTTPClientRequest(url: url)
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
    let body = try await response.body.collect(upTo: 64 << 20)
    return (Int(response.status.code), String(buffer: body))
  }

  /// The metrics of the control plane: `name{labels}` to value.
  func metrics() async throws -> [String: Double] {
    let text = try await get("http://\(controlAddress):15014/metrics").body
    var values: [String: Double] = [:]
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      guard let space = line.lastIndex(of: " ") else { continue }
      values[String(line[..<space])] = Double(line[line.index(after: space)...])
    }
    return values
  }

  /// How many resources of each type were sent to all proxies together.
  func resourcesSent() async throws -> [String: Int] {
    var sent: [String: Int] = [:]
    for (name, value) in try await metrics() {
      let prefix = "skein_xds_resources_sent_total{type=\""
      guard name.hasPrefix(prefix) else { continue }
      sent[String(name.dropFirst(prefix.count).prefix { $0 != "\"" })] = Int(value)
    }
    return sent
  }

  /// Waits until every connected proxy has acknowledged what it should have.
  func awaitSynced(proxies count: Int) async throws {
    try await eventually("\(count) proxies are in sync") {
      let body = try await self.get("http://\(self.controlAddress):8080/debug/syncz").body
      let proxies = try JSONValue(parsing: Array(body.utf8)).arrayValue ?? []
      return proxies.count == count
        && proxies.allSatisfy { proxy in
          let types = proxy["types"]?.arrayValue ?? []
          return types.count >= 2
            && types.allSatisfy { $0["wanted"] == $0["acknowledged"] }
        }
    }
  }

  /// What `skein status` prints.
  func statusText() -> String {
    ChildProgram.run(Self.skein, ["status", "--http-address", controlAddress + ":8080"]).output
  }
}

/// Starts one mesh for all tests of a suite.
struct MeshScope: SuiteTrait, TestScoping {
  var workloads: [WorkloadDescription]
  var certificateLifetime = "1h"

  func provideScope(
    for test: Test, testCase: Test.Case?,
    performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    try await RunningMesh.run(certificateLifetime: certificateLifetime) { mesh in
      try await mesh.start(workloads)
      try await RunningMesh.$current.withValue(mesh) { try await function() }
    }
  }
}

extension Trait where Self == MeshScope {
  /// One mesh with these workloads for all tests of the suite.
  static func mesh(_ workloads: [WorkloadDescription], certificateLifetime: String = "1h") -> Self {
    MeshScope(workloads: workloads, certificateLifetime: certificateLifetime)
  }
}

/// All tests that run meshes; one at a time, for each takes every core there is.
@Suite(.serialized, .enabled(if: hasEnvoy, "there is no Envoy; run 'make deps'"))
struct EndToEnd {}

let hasEnvoy = EnvoyBinary.path != nil
