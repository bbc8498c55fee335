import MeshTesting

/// A workload to run: an application named `name`, reached as the service `app`.
struct WorkloadDescription: Sendable {
  var name: String
  var app: String
  var version = "v1"
  var failEvery = 0
  /// Whether it sends requests into the mesh; others are told of no service.
  var isClient: Bool { app.hasPrefix("client") }

  init(_ name: String, app: String, version: String = "v1", failEvery: Int = 0) {
    self.name = name
    self.app = app
    self.version = version
    self.failEvery = failEvery
  }
}

/// An application with an Envoy before it, on an address of their own.
///
/// What the application sends to its address at port 9080 goes to the mesh by the `Host` header;
/// what comes for the application from the mesh comes at port 9081.
struct Workload: Sendable {
  static let outboundPort = 9080
  static let inboundPort = 9081
  static let applicationPort = 8080

  let description: WorkloadDescription
  let address: String
  let application: MeshProgram
  let agent: MeshProgram
  let adminPort: Int
  let statusPort: Int

  var programs: [MeshProgram] { [application, agent] }
  /// Where the application finds the mesh.
  var meshURL: String { "http://\(address):\(Self.outboundPort)" }
  /// Where others find the application, past any proxy of theirs.
  var inboundURL: String { "http://\(address):\(Self.inboundPort)" }
  /// The process that is Envoy.
  var envoy: Int32? { agent.children.first }

  /// What a workload has to know of its mesh.
  struct Setting {
    var directory: String
    var controlAddress: String
    var rootFile: String
    var certificateLifetime: String
    var token: String
  }

  init(_ description: WorkloadDescription, address: String, _ mesh: Setting) throws {
    self.description = description
    self.address = address
    let name = description.name
    let skein = RunningMesh.skein
    adminPort = try FreePort.next()
    statusPort = try FreePort.next()
    application = try MeshProgram(
      "application \(name)",
      [
        skein, "echo", "--name", name, "--http-address", "\(address):\(Self.applicationPort)",
        "--fail-every", String(description.failEvery),
      ], log: "\(mesh.directory)/\(name)-application.log")
    let tokenFile = "\(mesh.directory)/\(name).token"
    ChildProgram.write(mesh.token, to: tokenFile)
    agent = try MeshProgram(
      "agent \(name)",
      [
        skein, "proxy", "--name", name, "--namespace", "default", "--ip", address,
        "--service-account", description.app,
        "--labels", "app=\(description.app),version=\(description.version),instance=\(name)",
        "--interception-mode", "NONE", "--discovery-address", "\(mesh.controlAddress):15012",
        "--tls-server-name", "istiod.istio-system.svc", "--token-file", tokenFile,
        "--root-cert", mesh.rootFile, "--cert-ttl", mesh.certificateLifetime,
        "--envoy", EnvoyBinary.path ?? "", "--config-dir", "\(mesh.directory)/\(name)",
        "--admin-port", String(adminPort), "--status-port", String(statusPort),
        "--prometheus-port", "0", "--drain-duration", "0s", "--all-stats",
      ], log: "\(mesh.directory)/\(name)-agent.log")
  }
}

/// The objects that a cluster would have for workloads.
enum MeshObjects {
  /// A Pod and a Sidecar for each workload, a Service and an EndpointSlice for each application.
  static func yaml(_ workloads: [(description: WorkloadDescription, address: String)]) -> String {
    let apps = Set(workloads.map(\.description.app)).sorted()
    return
      (workloads.map { pod($0, $1) + sidecar($0, $1) }
      + apps.map { app in service(app, workloads.filter { $0.description.app == app }) })
      .joined()
  }

  private static func pod(_ workload: WorkloadDescription, _ address: String) -> String {
    """
    ---
    apiVersion: v1
    kind: Pod
    metadata:
      name: \(workload.name)
      namespace: default
      labels:
        app: \(workload.app)
        version: \(workload.version)
        instance: \(workload.name)
        security.istio.io/tlsMode: istio
    spec: {serviceAccountName: \(workload.app), containers: [{name: app, image: app}]}
    status: {phase: Running, podIP: \(address), podIPs: [{ip: \(address)}]}

    """
  }

  private static func sidecar(_ workload: WorkloadDescription, _ address: String) -> String {
    """
    ---
    apiVersion: networking.istio.io/v1
    kind: Sidecar
    metadata: {name: \(workload.name), namespace: default}
    spec:
      workloadSelector: {labels: {instance: \(workload.name)}}
      ingress:
      - port: {number: \(Workload.inboundPort), protocol: HTTP, name: http}
        bind: \(address)
        captureMode: NONE
        defaultEndpoint: 0.0.0.0:\(Workload.applicationPort)
      egress:
      - port: {number: \(Workload.outboundPort), protocol: HTTP, name: http}
        bind: \(address)
        captureMode: NONE
        hosts: ["\(workload.isClient ? "./*" : "~/*")"]

    """
  }

  private static func service(
    _ app: String, _ workloads: [(description: WorkloadDescription, address: String)]
  ) -> String {
    let endpoints = workloads.map { workload, address in
      """
      - addresses: [\(address)]
        conditions: {ready: true}
        targetRef: {kind: Pod, name: \(workload.name), namespace: default}
      """
    }
    return """
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: \(app), namespace: default}
      spec:
        clusterIP: 10.96.0.\(app.utf8.reduce(1) { ($0 &* 31 &+ Int($1)) % 250 } + 1)
        selector: {app: \(app)}
        ports:
        - name: http
          protocol: TCP
          port: \(Workload.outboundPort)
          targetPort: \(Workload.inboundPort)
      ---
      apiVersion: discovery.k8s.io/v1
      kind: EndpointSlice
      metadata: {name: \(app)-1, namespace: default, labels: {kubernetes.io/service-name: \(app)}}
      addressType: IPv4
      ports: [{name: http, port: \(Workload.inboundPort), protocol: TCP}]
      endpoints:
      \(endpoints.joined(separator: "\n"))

      """
  }
}
