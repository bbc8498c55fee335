internal import ArgumentParser
internal import CertificateAuthority
internal import EchoWorkload
internal import GRPCTransport
internal import Logging
internal import OpenSSLCrypto
internal import ProxyAgent
internal import ServiceLifecycle
internal import UnixSignals

/// `skein proxy`.
struct ProxyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "proxy", abstract: "Run an Envoy and what it needs beside a workload.",
    discussion: """
      Gets a certificate for the workload from the control plane, hands it to Envoy over a private \
      socket, renews it at half of its life, writes Envoy's bootstrap, and starts and supervises \
      Envoy, which opens the discovery stream itself.
      """,
    subcommands: [LaunchCommand.self])

  @OptionGroup(title: "Workload") var workload: WorkloadOptions
  @OptionGroup(title: "Control plane") var discovery: DiscoveryOptions
  @OptionGroup(title: "Envoy") var envoy: EnvoyOptions

  /// The workload's identity, as its node says it.
  struct WorkloadOptions: ParsableArguments {
    @Option(help: "sidecar or router.")
    var type = "sidecar"

    @Option(help: "The address of the workload.")
    var ip = "127.0.0.1"

    @Option(help: "The name of the workload's instance.")
    var name: String?

    @Option(help: "Its namespace.")
    var namespace = "default"

    @Option(help: "Its service account.")
    var serviceAccount = "default"

    @Option(help: ArgumentHelp("Its labels.", valueName: "key=value,…"))
    var labels = ""

    @Option(help: ArgumentHelp("Where it runs.", valueName: "region/zone/subzone"))
    var locality: String?

    @Option(
      name: .customLong("meta"),
      help: ArgumentHelp("Further node metadata; may be repeated.", valueName: "key=value"))
    var metadata: [String] = []

    @Option(help: "How traffic reaches the proxy: NONE, REDIRECT or TPROXY.")
    var interceptionMode = "REDIRECT"
  }

  /// The way to the control plane.
  struct DiscoveryOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The secure port of the control plane.", valueName: "host:port"))
    var discoveryAddress = "127.0.0.1:15012"

    @Option(help: "The name in the control plane's certificate; the host of its address if absent.")
    var tlsServerName: String?

    @Option(help: ArgumentHelp("The token for the first certificate.", valueName: "file"))
    var tokenFile: String?

    @Option(help: ArgumentHelp("The roots of the control plane, PEM.", valueName: "file"))
    var rootCert = "/var/run/secrets/istio/root-cert.pem"

    @Option(help: "How Envoy asks for configuration: delta or sotw.")
    var xds = "delta"

    @Option(help: ArgumentHelp("The certificate lifetime to ask for.", valueName: "duration"))
    var certTtl = "24h"

    @Option(help: "The kind of the workload's key: ecdsa-p256 or rsa-2048.")
    var keyType = KeyType.ecdsaP256.rawValue

    @Option(help: "The trust domain of the mesh.")
    var trustDomain = "cluster.local"

    @Option(help: "The DNS domain of the cluster.")
    var clusterDomain = "cluster.local"

    @Option(help: "The name of the cluster.")
    var clusterId = "Kubernetes"
  }

  /// Envoy and its ports.
  struct EnvoyOptions: ParsableArguments {
    @Option(name: .customLong("envoy"), help: ArgumentHelp("The Envoy binary.", valueName: "file"))
    var path = "/usr/local/bin/envoy"

    @Option(
      name: [.customLong("config-dir"), .customLong("data-dir")],
      help: ArgumentHelp(
        "Where the bootstrap and the socket are kept; made private.", valueName: "directory"))
    var directory = "/etc/istio/proxy"

    @Option(help: "Envoy's admin port on loopback.")
    var adminPort = 15_000

    @Option(help: "Where the agent answers /healthz/ready and /stats/prometheus; 0 for nowhere.")
    var statusPort = 15_021

    @Option(help: "Where Envoy answers /healthz/ready by asking the agent; 0 for nowhere.")
    var readinessPort = 0

    @Option(help: "Where Envoy serves /stats/prometheus; 0 for nowhere.")
    var prometheusPort = 15_090

    @Option(help: "Envoy's worker threads.")
    var concurrency = 1

    @Option(help: "Envoy's log level.")
    var envoyLogLevel = "warning"

    @Flag(help: "Keep all of Envoy's statistics.")
    var allStats = false

    @Option(
      help: ArgumentHelp("How long connections may go on after a stop.", valueName: "duration"))
    var drainDuration = "5s"
  }

  func validate() throws {
    _ = try makeConfiguration()
  }

  func run() async throws {
    var configuration = try makeConfiguration()
    configuration.launcher = ["/proc/self/exe", "proxy", "launch", "--"]
    let logger = Logger(label: "skein.proxy")
    let agent = ProxyAgent(
      configuration: configuration, clock: CertificateAuthority.systemClock, logger: logger)
    try agent.prepare()
    var group = ServiceGroupConfiguration(
      services: agent.services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    group.maximumGracefulShutdownDuration = configuration.drainDuration + .seconds(15)
    try await ServiceGroup(configuration: group).run()
  }

  private func makeConfiguration() throws -> AgentConfiguration {
    guard let address = GRPCAddress(discovery.discoveryAddress) else {
      throw ValidationError("--discovery-address \(discovery.discoveryAddress) is not host:port")
    }
    var result = AgentConfiguration(
      ipAddress: workload.ip, name: workload.name ?? workload.serviceAccount,
      namespace: workload.namespace, serviceAccount: workload.serviceAccount,
      discoveryAddress: address, rootCertificateFile: discovery.rootCert, envoyPath: envoy.path,
      directory: envoy.directory)
    result.type = try choice("--type", workload.type)
    result.labels = try pairs("--labels", workload.labels.split(separator: ",").map(String.init))
    result.locality = workload.locality
    result.metadata = try pairs("--meta", workload.metadata)
    result.interceptionMode = try choice("--interception-mode", workload.interceptionMode)
    result.tlsServerName = discovery.tlsServerName
    result.tokenFile = discovery.tokenFile
    result.xds = try choice("--xds", discovery.xds)
    result.keyType = try choice("--key-type", discovery.keyType)
    result.trustDomain = discovery.trustDomain
    result.clusterDomain = discovery.clusterDomain
    result.clusterID = discovery.clusterId
    guard let lifetime = TokenLifetime(discovery.certTtl) else {
      throw ValidationError("--cert-ttl \(discovery.certTtl) is not a duration as 24h")
    }
    result.certificateLifetime = lifetime.seconds
    result.adminPort = try port("--admin-port", envoy.adminPort)
    result.statusPort = try port("--status-port", envoy.statusPort)
    result.readinessListenerPort = try port("--readiness-port", envoy.readinessPort)
    result.prometheusPort = try port("--prometheus-port", envoy.prometheusPort)
    result.concurrency = max(1, envoy.concurrency)
    result.envoyLogLevel = envoy.envoyLogLevel
    result.keepsAllStatistics = envoy.allStats
    guard let drain = EchoDelay(envoy.drainDuration) else {
      throw ValidationError("--drain-duration \(envoy.drainDuration) is not a duration as 5s")
    }
    result.drainDuration = drain.duration
    return result
  }

  private func choice<Choice: RawRepresentable & CaseIterable>(
    _ option: String, _ value: String
  ) throws -> Choice where Choice.RawValue == String {
    guard let choice = Choice(rawValue: value) else {
      let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("\(option) \(value) is none of \(known)")
    }
    return choice
  }

  private func port(_ option: String, _ value: Int) throws -> Int {
    guard (0...65_535).contains(value) else {
      throw ValidationError("\(option) \(value) is not a port")
    }
    return value
  }

  private func pairs(
    _ option: String, _ texts: [String]
  ) throws -> [(key: String, value: String)] {
    try texts.map { text in
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty else {
        throw ValidationError("\(option) \(text) is not key=value")
      }
      return (String(parts[0]), String(parts[1]))
    }
  }

  /// `skein proxy launch`: becomes another program that ends with the agent, however that ends.
  struct LaunchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "launch", abstract: "Become a program that ends with its parent.",
      shouldDisplay: false)

    @Argument(parsing: .captureForPassthrough)
    var arguments: [String]

    func run() throws {
      try ParentBoundProgram.become(
        arguments.first == "--" ? Array(arguments.dropFirst()) : arguments)
    }
  }
}
