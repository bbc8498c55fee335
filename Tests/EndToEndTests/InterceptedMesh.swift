import Foundation
import MeshTesting
import Synchronization
import Testing

/// A mesh whose workloads have network namespaces of their own and need not know of it.
///
/// The control plane is at the bridge. On `client` and `server` iptables sends all traffic through
/// an Envoy; `outside` has none.
final class InterceptedMesh: Sendable {
  /// The mesh of the suite that runs.
  @TaskLocal static var current: InterceptedMesh?

  static let applicationPort = 8080
  static let servicePort = 80
  /// The address of the service `server`, which no host has.
  static let clusterIP = "10.96.0.10"

  let network: TestNetwork
  let directory: String
  /// The name with which the server's application answers, not to be met elsewhere.
  let serverName = "answer-\(UInt64.random(in: 0 ... .max))"
  private let programs = Mutex<[MeshProgram]>([])

  private var controlAddress: String { TestNetwork.hubAddress }
  /// Where the server's application is, past its service.
  var serverEnd: String { "\(network.address(of: "server")):\(Self.applicationPort)" }

  private init(network: TestNetwork) throws {
    self.network = network
    directory = ChildProgram.temporaryPath("intercepted")
    try FileManager.default.createDirectory(
      atPath: directory + "/config", withIntermediateDirectories: true)
  }

  /// Runs a test with a mesh, which is gone afterwards; prints what its programs said if it fails.
  static func run(_ body: (InterceptedMesh) async throws -> Void) async throws {
    let network = try TestNetwork(hosts: ["client", "server", "outside"])
    defer { network.remove() }
    let mesh = try InterceptedMesh(network: network)
    do {
      try await mesh.start()
      try await body(mesh)
      await mesh.stop()
    } catch {
      mesh.printLogs()
      await mesh.stop()
      throw error
    }
  }

  private func start() async throws {
    try apply(objects, as: "mesh")
    try setMode("STRICT")
    try startControlPlane()
    try await eventually("the control plane is ready") {
      self.ask("http://\(self.controlAddress):8080/ready", from: TestNetwork.hub).status == 200
    }
    let root = ChildProgram.run(
      RunningMesh.skein, ["ca", "root", "--data-dir", directory + "/data"])
    ChildProgram.write(root.output, to: directory + "/root.pem")
    for host in ["client", "server"] {
      try network.redirect(host)
      try startAgent(host)
    }
    let application = "0.0.0.0:\(Self.applicationPort)"
    try start(
      "application", on: "server", user: TestNetwork.applicationUser,
      [RunningMesh.skein, "echo", "--name", serverName, "--http-address", application])
    for host in ["client", "server"] {
      let status = "http://\(network.address(of: host)):15021/healthz/ready"
      try await eventually("\(host) is ready", within: .seconds(30)) {
        self.ask(status, from: TestNetwork.hub).status == 200
      }
    }
  }

  private func stop() async {
    let programs = programs.withLock { $0 }
    await withTaskGroup { group in
      for program in programs { group.addTask { await program.stop() } }
    }
    try? FileManager.default.removeItem(atPath: directory)
  }

  /// Starts a program on a host; the mesh ends it when nobody else has.
  @discardableResult
  func start(
    _ name: String, on host: String, user: Int = 0, _ arguments: [String]
  ) throws -> MeshProgram {
    let log = "\(directory)/\(name)-\(host)-\(UInt64.random(in: 0 ... .max)).log"
    let program = try MeshProgram(
      "\(name) on \(host)", network.command(on: host, user: user, arguments), log: log)
    programs.withLock { $0.append(program) }
    return program
  }

  private func startControlPlane() throws {
    let host = controlAddress
    try start(
      "control plane", on: TestNetwork.hub,
      [
        RunningMesh.skein, "serve", "--standalone", "--data-dir", directory + "/data",
        "--config", directory + "/config", "--api-address", host + ":8001",
        "--grpc-address", host + ":15010", "--secure-grpc-address", host + ":15012",
        "--monitoring-address", host + ":15014", "--http-address", host + ":8080",
      ])
  }

  private func startAgent(_ host: String) throws {
    let token = ChildProgram.run(
      RunningMesh.skein,
      [
        "ca", "token", "create", "--data-dir", directory + "/data", "--service-account",
        "default/\(host)",
      ])
    guard token.status == 0 else { throw MeshFailure("no token: \(token.output)") }
    let folder = "\(directory)/\(host)"
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    let user = TestNetwork.proxyUser
    ChildProgram.write(token.output, to: folder + "/token")
    for path in [folder, folder + "/token"] {
      guard chown(path, uid_t(user), gid_t(user)) == 0 else {
        throw MeshFailure("cannot give \(path) to user \(user)")
      }
    }
    try start(
      "agent", on: host, user: user,
      [
        RunningMesh.skein, "proxy", "--type", "sidecar", "--name", host, "--namespace", "default",
        "--ip", network.address(of: host), "--service-account", host, "--labels", "app=\(host)",
        "--interception-mode", "REDIRECT", "--discovery-address", "\(controlAddress):15012",
        "--tls-server-name", "istiod.istio-system.svc", "--token-file", folder + "/token",
        "--root-cert", directory + "/root.pem", "--envoy", EnvoyBinary.path ?? "",
        "--config-dir", folder, "--drain-duration", "0s",
      ])
  }

  /// Prints the ends of all logs.
  func printLogs() {
    for program in programs.withLock({ $0 }) {
      let lines = (ChildProgram.read(program.log) ?? "").split(separator: "\n").suffix(15)
      print("── \(program.name)\(program.hasEnded ? " (ended)" : "")")
      for line in lines { print("   \(line)") }
    }
  }

  // MARK: Configuration

  /// Says which connections every workload takes.
  func setMode(_ mode: String) throws {
    try apply(
      """
      apiVersion: security.istio.io/v1
      kind: PeerAuthentication
      metadata: {name: default, namespace: istio-system}
      spec: {mtls: {mode: \(mode)}}
      """, as: "mode")
  }

  private func apply(_ yaml: String, as name: String) throws {
    let path = "\(directory)/config/\(name).yaml"
    guard ChildProgram.write(yaml, to: path + ".part"), rename(path + ".part", path) == 0 else {
      throw MeshFailure("cannot write \(path)")
    }
  }

  private var objects: String {
    ["client", "server"].map { pod($0) }.joined() + """
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: server, namespace: default}
      spec:
        clusterIP: \(Self.clusterIP)
        selector: {app: server}
        ports: [{name: http, port: \(Self.servicePort), targetPort: \(Self.applicationPort)}]
      ---
      apiVersion: discovery.k8s.io/v1
      kind: EndpointSlice
      metadata: {name: server-1, namespace: default, labels: {kubernetes.io/service-name: server}}
      addressType: IPv4
      ports: [{name: http, port: \(Self.applicationPort), protocol: TCP}]
      endpoints:
      - addresses: [\(network.address(of: "server"))]
        conditions: {ready: true}
        targetRef: {kind: Pod, name: server, namespace: default}
      ---
      # A connection for each request, so that a capture of a request has all of its connection.
      apiVersion: networking.istio.io/v1
      kind: DestinationRule
      metadata: {name: server, namespace: default}
      spec:
        host: server
        trafficPolicy: {connectionPool: {http: {maxRequestsPerConnection: 1}}}

      """
  }

  private func pod(_ name: String) -> String {
    let address = network.address(of: name)
    return """
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: \(name)
        namespace: default
        labels: {app: \(name), security.istio.io/tlsMode: istio}
      spec: {serviceAccountName: \(name), containers: [{name: app}]}
      status: {phase: Running, podIP: \(address), podIPs: [{ip: \(address)}]}

      """
  }

  // MARK: Questions

  /// What curl got.
  struct Reply: Sendable {
    /// The exit code of curl: 0, or what went wrong.
    var code: Int32
    var answer: Answer

    static let connectionReset: Int32 = 56
    var status: Int { code == 0 ? answer.status : 0 }
  }

  /// Asks with curl on a host, as a user.
  func ask(
    _ url: String, from host: String, user: Int = TestNetwork.applicationUser, mark: String? = nil
  ) -> Reply {
    let began = ContinuousClock.now
    let header = mark.map { ["-H", "x-mark: \($0)"] } ?? []
    let result = network.run(
      on: host, user: user,
      ["/usr/bin/curl", "-sS", "-m", "5", "-w", "\n%{http_code}", "--noproxy", "*"] + header + [url]
    )
    let lines = result.output.split(separator: "\n")
    let answer = Answer(
      status: lines.last.flatMap { Int($0) } ?? 0, body: lines.dropLast().joined(separator: "\n"),
      duration: ContinuousClock.now - began, headers: [:])
    return Reply(code: result.status, answer: answer)
  }
}

/// Starts one mesh of captured workloads for all tests of a suite.
struct InterceptedMeshScope: SuiteTrait, TestScoping {
  func provideScope(
    for test: Test, testCase: Test.Case?,
    performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    try await InterceptedMesh.run { mesh in
      try await InterceptedMesh.$current.withValue(mesh) { try await function() }
    }
  }
}

extension Trait where Self == InterceptedMeshScope {
  /// One mesh of captured workloads for all tests of the suite.
  static var interceptedMesh: Self { InterceptedMeshScope() }
}
