internal import ArgumentParser
internal import ControlPlane
internal import Logging
internal import ServiceLifecycle
internal import UnixSignals

/// `skein serve`.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Run the control plane.",
    discussion:
      "Every option can also be given as an environment variable: --data-dir is SKEIN_DATA_DIR.")

  @Flag(help: "Serve the mesh of one machine, with an API of its own.")
  var standalone = false

  @Option(
    help: ArgumentHelp(
      "Serve the cluster that this file names. (default: the cluster of this pod, if it is in one)",
      valueName: "file"))
  var kubeconfig: String?

  @Option(help: ArgumentHelp("The context of the kubeconfig to use.", valueName: "name"))
  var context: String?

  @Option(
    help: ArgumentHelp(
      "A folder in memory for copies of the cluster's Secrets, for starts while its API is away.",
      valueName: "dir"))
  var secretDir: String?

  @Option(
    help: ArgumentHelp(
      "A folder with a certificate authority as Istio's cacerts. (default: /etc/cacerts)",
      valueName: "dir"))
  var caDir: String?

  @Option(
    help: ArgumentHelp("Where the databases and the certificate authority are.", valueName: "dir"))
  var dataDir: String?

  @Option(help: ArgumentHelp("YAML to apply and to follow.", valueName: "file-or-dir"))
  var config: String?

  @Option(help: ArgumentHelp("Where the embedded API listens.", valueName: "host:port"))
  var apiAddress: String?

  @Option(help: ArgumentHelp("Where discovery listens without encryption.", valueName: "host:port"))
  var grpcAddress: String?

  @Option(
    help: ArgumentHelp(
      "Where discovery and certificates are served over TLS.", valueName: "host:port"))
  var secureGrpcAddress: String?

  @Option(
    help: ArgumentHelp("Where the API server's webhooks are served.", valueName: "host:port"))
  var webhookAddress: String?

  @Option(help: ArgumentHelp("The image of injected proxies.", valueName: "image"))
  var proxyImage: String?

  @Option(help: ArgumentHelp("Where metrics are served.", valueName: "host:port"))
  var monitoringAddress: String?

  @Option(help: ArgumentHelp("Where readiness and debug pages are served.", valueName: "host:port"))
  var httpAddress: String?

  @Option(help: ArgumentHelp("A file with Istio's mesh configuration.", valueName: "file"))
  var meshConfig: String?

  @Option(help: "The trust domain of identities. (default: cluster.local)")
  var trustDomain: String?

  @Option(help: "The name of the cluster. (default: Kubernetes)")
  var clusterId: String?

  @Option(help: "The domain of service names. (default: cluster.local)")
  var clusterDomain: String?

  @Option(help: "The namespace of mesh-wide configuration. (default: istio-system)")
  var rootNamespace: String?

  @Option(help: "The revision of this control plane. (default: default)")
  var revision: String?

  @Option(help: "The kind of key of a new certificate authority: ecdsa-p256 or rsa-2048.")
  var caKeyType: String?

  @Option(help: "trace, debug, info, notice, warning, error or critical. (default: info)")
  var logLevel: String?

  @Option(help: "text or json. (default: text)")
  var logFormat: String?

  func run() async throws {
    Heap.giveBack()
    let environment = Environment()
    func value(_ option: String?, _ name: String) -> String? { option ?? environment[name] }
    let cluster = try ClusterChoice(
      isStandalone: standalone, kubeconfig: value(kubeconfig, "SKEIN_KUBECONFIG"),
      context: value(context, "SKEIN_CONTEXT"), environment: environment
    ).configuration()
    guard
      let dataDirectory = value(dataDir, "SKEIN_DATA_DIR")
        ?? (cluster == nil ? nil : "/var/lib/skein")
    else {
      throw ValidationError("give --data-dir a directory that the control plane may write to")
    }
    var settings = ControlPlaneConfiguration(dataDirectory: dataDirectory)
    settings.cluster = cluster
    if cluster != nil, ClusterChoice.isInPod(environment) { settings.listenEverywhere() }
    settings.secretDirectory = value(secretDir, "SKEIN_SECRET_DIR")
    settings.replicaName = ClusterChoice.replicaName(environment)
    settings.customHosts = (environment["ISTIOD_CUSTOM_HOST"] ?? "").split(separator: ",")
      .map(String.init)
    if let folder = value(caDir, "SKEIN_CA_DIR") ?? environment["ROOT_CA_DIR"] {
      settings.authorityDirectory = folder
    }
    if let seconds = environment["SKEIN_LEASE_SECONDS"].flatMap(Int64.init), seconds > 0 {
      settings.leaseDuration = .seconds(seconds)
    }
    if let seconds = environment["SKEIN_AUDIT_SECONDS"].flatMap(Int64.init), seconds > 0 {
      settings.auditInterval = .seconds(seconds)
    }
    if let seconds = environment["SKEIN_MIRROR_PATIENCE_SECONDS"].flatMap(Int64.init), seconds >= 0
    {
      settings.mirrorPatience = .seconds(seconds)
    }
    settings.configPath = value(config, "SKEIN_CONFIG")
    settings.meshConfigPath = value(meshConfig, "SKEIN_MESH_CONFIG")
    func set(
      _ path: WritableKeyPath<ControlPlaneConfiguration, String>, _ option: String?, _ name: String
    ) {
      if let text = value(option, name) { settings[keyPath: path] = text }
    }
    set(\.apiAddress, apiAddress, "SKEIN_API_ADDRESS")
    set(\.grpcAddress, grpcAddress, "SKEIN_GRPC_ADDRESS")
    set(\.secureGRPCAddress, secureGrpcAddress, "SKEIN_SECURE_GRPC_ADDRESS")
    set(\.monitoringAddress, monitoringAddress, "SKEIN_MONITORING_ADDRESS")
    set(\.webhookAddress, webhookAddress, "SKEIN_WEBHOOK_ADDRESS")
    settings.proxyImage = value(proxyImage, "SKEIN_PROXY_IMAGE")
    set(\.httpAddress, httpAddress, "SKEIN_HTTP_ADDRESS")
    set(\.trustDomain, trustDomain, "SKEIN_TRUST_DOMAIN")
    set(\.clusterID, clusterId ?? environment["CLUSTER_ID"], "SKEIN_CLUSTER_ID")
    set(\.clusterDomain, clusterDomain, "SKEIN_CLUSTER_DOMAIN")
    set(\.rootNamespace, rootNamespace ?? environment["POD_NAMESPACE"], "SKEIN_ROOT_NAMESPACE")
    set(\.revision, revision ?? environment["REVISION"], "SKEIN_REVISION")
    settings.rsaAuthority = try isRSA(value(caKeyType, "SKEIN_CA_KEY_TYPE"))
    let logger = try LogOutput.make(
      level: value(logLevel, "SKEIN_LOG_LEVEL"), format: value(logFormat, "SKEIN_LOG_FORMAT"))
    let group = ServiceGroup(
      configuration: .init(
        services: [
          .init(service: ControlPlane(configuration: settings, logger: logger))
        ], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    do {
      try await group.run()
    } catch let error as ControlPlaneError {
      throw CleanFailure("\(error)", code: ExitCode(69))
    }
  }

  private func isRSA(_ keyType: String?) throws -> Bool {
    switch keyType {
    case nil, "ecdsa-p256": false
    case "rsa-2048": true
    case let other?: throw ValidationError("--ca-key-type \(other) is not ecdsa-p256 or rsa-2048")
    }
  }
}
