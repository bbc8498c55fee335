import AsyncHTTPClient
import Foundation
import KubernetesAPI
import KubernetesClient
import Logging
import MeshTesting
import StreamingJSON
import Synchronization

/// A cluster on addresses of this machine: an API behind a relay that can fail, replicas of the control
/// plane that know nothing but its address, and workloads that prove themselves by tokens of their pods.
///
/// The API is the embedded one, or a real API server where there is one.
final class RunningCluster: Sendable {
  private struct State {
    var replicas: [Int: MeshProgram] = [:]
    var workloads: [Workload] = []
  }

  let network: String
  let directory: String
  let relay: FaultyAPI
  private let api: any ClusterAPI
  private let state = Mutex(State())
  /// Speaks to the API past the relay.
  let client: KubernetesClient
  private let relayAddress: String

  private static var logger: Logger {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return logger
  }

  private init(
    _ api: any ClusterAPI, relay: FaultyAPI, network: String, directory: String
  ) async throws {
    self.directory = directory
    self.network = network
    self.relay = relay
    self.api = api
    relayAddress = try await relay.address
    var configuration = KubernetesClient.Configuration(baseURL: api.url)
    configuration.trust = .none
    if let token = api.administrator {
      configuration.credentials = FixedCredential(.bearer(token))
    }
    client = KubernetesClient(configuration: configuration, logger: Self.logger)
    let user = api.controlPlane.map { "{token: \($0)}" } ?? "{}"
    ChildProgram.write(
      """
      apiVersion: v1
      kind: Config
      current-context: c
      clusters: [{name: c, cluster: {server: "http://\(relayAddress)"}}]
      contexts: [{name: c, context: {cluster: c, user: u}}]
      users: [{name: u, user: \(user)}]
      """, to: directory + "/kubeconfig")
  }

  /// Runs a test with a cluster, which is gone afterwards.
  static func run<Value: Sendable>(
    _ body: (RunningCluster) async throws -> Value
  ) async throws -> Value {
    let directory = ChildProgram.temporaryPath("cluster")
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    let network = TestAddresses.network()
    let api: any ClusterAPI =
      if let assets = KubernetesServer.assets {
        try KubernetesClusterAPI(assets: assets, folder: directory)
      } else {
        try EmbeddedClusterAPI(folder: directory, host: "\(network).200")
      }
    let relay = FaultyAPI(upstream: api.url, logger: logger)
    return try await RunningService.whileRunning(relay, logger: logger) {
      let cluster = try await RunningCluster(
        api, relay: relay, network: network, directory: directory)
      do {
        try await cluster.startAPI()
        try await cluster.client.findVersion(of: .endpointSlices)
        try await ObjectFiles.install(by: cluster.client)
        let value = try await body(cluster)
        await cluster.stop()
        return value
      } catch {
        cluster.printLogs()
        await cluster.stop()
        throw error
      }
    }
  }

  private func stop() async {
    let (replicas, workloads) = state.withLock { ($0.replicas, $0.workloads) }
    await withTaskGroup { group in
      for program in workloads.flatMap(\.programs) + replicas.values {
        group.addTask { await program.stop() }
      }
    }
    await client.shutdown()
    await api.end()
    try? FileManager.default.removeItem(atPath: directory)
    for number in replicas.keys {
      try? FileManager.default.removeItem(atPath: secretDirectory(number))
    }
  }

  func printLogs() {
    let (replicas, workloads) = state.withLock { ($0.replicas, $0.workloads) }
    for program in Array(replicas.values) + workloads.flatMap(\.programs) {
      let lines = (ChildProgram.read(program.log) ?? "").split(separator: "\n").suffix(25)
      print("── \(program.name)\(program.hasEnded ? " (ended)" : "")")
      for line in lines { print("   \(line)") }
    }
  }

  // MARK: API

  func startAPI() async throws {
    try api.start()
    try await eventually("the API answers", within: .seconds(60)) {
      _ = try await self.client.get(.namespaces, ObjectKey(name: "default"))
      return true
    }
  }

  /// Kills the API.
  func stopAPI() async {
    await api.kill()
  }

  /// Makes the cluster's objects be as a text in YAML says.
  func apply(_ yaml: String) async throws {
    try await ObjectFiles.apply(yaml, by: client)
  }

  /// Registers the webhooks of an installation, and tells the API where replica 1 serves them.
  func installWebhooks() async throws {
    let manifest = ChildProgram.read(EnvoyBinary.packageFolder + "/Manifests/minimal.yaml") ?? ""
    let kinds: Set<KubernetesResource> = [
      .services, .configMaps, .mutatingWebhookConfigurations, .validatingWebhookConfigurations,
    ]
    try await ObjectFiles.apply(manifest, by: client, where: kinds.contains)
    let endpoints = KubernetesResource(plural: "endpoints", kind: "Endpoints")
    _ = try await client.create(
      [
        "apiVersion": "v1", "kind": "Endpoints", "metadata": ["name": "istiod"],
        "subsets": [
          [
            "addresses": [["ip": .string(host(1))]],
            "ports": [["name": "https-webhook", "port": 15_017]],
          ]
        ],
      ], as: endpoints, namespace: "istio-system")
  }

  // MARK: Control planes

  private func host(_ replica: Int) -> String { "\(network).\(replica)" }
  private func secretDirectory(_ replica: Int) -> String {
    "/dev/shm/" + (directory.split(separator: "/").last.map(String.init) ?? "") + "-\(replica)"
  }

  func replica(_ number: Int) throws -> MeshProgram {
    guard let program = state.withLock({ $0.replicas[number] }) else {
      throw MeshFailure("there is no replica \(number)")
    }
    return program
  }

  /// Starts a replica; with `isNew` one that has never run before.
  func startReplica(
    _ number: Int = 1, isNew: Bool = false, keepsSecrets: Bool = true, patience: Int = 1,
    auditSeconds: Int = 300
  ) throws {
    let host = host(number)
    let data = "\(directory)/data-\(number)"
    if isNew {
      try? FileManager.default.removeItem(atPath: data)
      try? FileManager.default.removeItem(atPath: secretDirectory(number))
    }
    let program = try MeshProgram(
      "replica \(number)",
      [
        "/usr/bin/env", "SKEIN_LEASE_SECONDS=2", "SKEIN_MIRROR_PATIENCE_SECONDS=\(patience)",
        "SKEIN_AUDIT_SECONDS=\(auditSeconds)",
        RunningMesh.skein, "serve", "--kubeconfig", directory + "/kubeconfig", "--data-dir", data,
        "--grpc-address", host + ":15010", "--secure-grpc-address", host + ":15012",
        "--monitoring-address", host + ":15014", "--http-address", host + ":8080",
        "--webhook-address", host + ":15017",
      ] + (keepsSecrets ? ["--secret-dir", secretDirectory(number)] : []),
      log: directory + "/replica-\(number).log")
    state.withLock { $0.replicas[number] = program }
  }

  func awaitReady(_ number: Int = 1) async throws {
    try await eventually("replica \(number) is ready") {
      try await self.page("ready", of: number).contains("ready")
    }
  }

  /// A page of the debug port; throws where it is not answered with 200.
  func page(_ path: String, of number: Int = 1) async throws -> String {
    let response = try await HTTPClient.shared.execute(
      HTTPClientRequest(url: "http://\(host(number)):8080/\(path)"), timeout: .seconds(10))
    let body = String(buffer: try await response.body.collect(upTo: 64 << 20))
    guard response.status == .ok else { throw MeshFailure("\(response.status): \(body)") }
    return body
  }

  /// The metrics of a replica: `name{labels}` to value.
  func metrics(of number: Int = 1) async throws -> [String: Double] {
    var values: [String: Double] = [:]
    for line in try await page("metrics", of: number).split(separator: "\n")
    where !line.hasPrefix("#") {
      guard let space = line.lastIndex(of: " ") else { continue }
      values[String(line[..<space])] = Double(line[line.index(after: space)...])
    }
    return values
  }

  /// How many resources a replica has sent.
  func resourcesSent(by number: Int = 1) async throws -> Double {
    try await metrics(of: number).filter { $0.key.hasPrefix("skein_xds_resources_sent_total") }
      .values.reduce(0, +)
  }

  /// Waits until so many proxies are connected to a replica and have acknowledged what they should have.
  func awaitSynced(_ count: Int, at number: Int = 1) async throws {
    try await eventually("\(count) proxies are in sync", within: .seconds(40)) {
      let body = try await self.page("debug/syncz", of: number)
      let proxies = try JSONValue(parsing: Array(body.utf8)).arrayValue ?? []
      return proxies.count == count
        && proxies.allSatisfy { proxy in
          let types = proxy["types"]?.arrayValue ?? []
          return types.count >= 2
            && types.allSatisfy { $0["wanted"] == $0["acknowledged"] }
        }
    }
  }

  // MARK: Workloads

  /// A token as the kubelet puts it into a pod.
  func token(
    account: String, pod: String?, audience: String = "istio-ca"
  ) async throws -> String {
    var spec: JSONValue = ["audiences": [.string(audience)], "expirationSeconds": 3_600]
    if let pod {
      spec["boundObjectRef"] = ["kind": "Pod", "apiVersion": "v1", "name": .string(pod)]
    }
    // A subresource that is created.
    let tokens = KubernetesResource(
      plural: "serviceaccounts/\(account)/token", kind: "TokenRequest")
    let answer = try await client.create(
      ["apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec], as: tokens,
      namespace: "default"
    ).object
    guard let token = answer[path: ["status", "token"]]?.stringValue else {
      throw MeshFailure("no token: \(String(decoding: answer.serialized(), as: UTF8.self))")
    }
    return token
  }

  /// The root certificate, as a pod finds it in its namespace.
  func rootFile() async throws -> String {
    let path = directory + "/root.pem"
    let key = ObjectKey(namespace: "default", name: "istio-ca-root-cert")
    try await eventually("the namespace has the root certificate") {
      let map = try await self.client.get(.configMaps, key)
      guard let text = map[path: ["data", "root-cert.pem"]]?.stringValue else { return false }
      return ChildProgram.write(text, to: path)
    }
    return path
  }

  /// Starts workloads that speak to a replica, and waits until they are ready.
  func start(
    _ descriptions: [WorkloadDescription], at number: Int = 1, certificateLifetime: String = "1h"
  ) async throws {
    let first = state.withLock { $0.workloads.count }
    let addressed = descriptions.enumerated().map { index, description in
      (description: description, address: "\(network).\(20 + first + index)")
    }
    let accounts = Set(descriptions.map(\.app)).map { app in
      "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: \(app), namespace: default}\n"
    }
    try await apply(accounts.joined() + MeshObjects.yaml(addressed))
    let root = try await rootFile()
    for (description, address) in addressed {
      let workload = try Workload(
        description, address: address,
        .init(
          directory: directory, controlAddress: host(number), rootFile: root,
          certificateLifetime: certificateLifetime,
          token: try await token(account: description.app, pod: description.name)))
      state.withLock { $0.workloads.append(workload) }
    }
    for workload in state.withLock({ Array($0.workloads[first...]) }) {
      try await eventually("\(workload.description.name) is ready", within: .seconds(30)) {
        guard !workload.agent.hasEnded else { throw MeshFailure("its agent has ended") }
        return try await fetchStatus(
          "http://127.0.0.1:\(workload.statusPort)/healthz/ready") == 200
      }
    }
  }

  /// An agent for a pod, with any token; not waited for.
  func agent(_ pod: String, token: String, name: String) throws -> MeshProgram {
    let file = "\(directory)/\(name).token"
    ChildProgram.write(token, to: file)
    return try MeshProgram(
      "agent \(name)",
      [
        RunningMesh.skein, "proxy", "--name", pod, "--namespace", "default", "--ip",
        "\(network).90", "--service-account", pod, "--interception-mode", "NONE",
        "--discovery-address", "\(host(1)):15012", "--tls-server-name", "istiod.istio-system.svc",
        "--token-file", file, "--root-cert", directory + "/root.pem", "--envoy",
        EnvoyBinary.path ?? "", "--config-dir", "\(directory)/agent-\(name)", "--admin-port",
        String(try FreePort.next()), "--status-port", "0", "--prometheus-port", "0",
        "--drain-duration", "0s",
      ], log: "\(directory)/\(name)-\(UInt32.random(in: 0 ... .max)).log")
  }

  subscript(name: String) -> Workload {
    get throws {
      guard
        let workload = state.withLock({ state in
          state.workloads.first { $0.description.name == name }
        })
      else { throw MeshFailure("there is no workload \(name)") }
      return workload
    }
  }
}

/// The status of a page of this machine.
private func fetchStatus(_ url: String) async throws -> Int {
  let response = try await HTTPClient.shared.execute(
    HTTPClientRequest(url: url), timeout: .seconds(10))
  _ = try? await response.body.collect(upTo: 1 << 20)
  return Int(response.status.code)
}
