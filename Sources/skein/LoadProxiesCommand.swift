internal import ArgumentParser
internal import GRPCTransport
internal import KubernetesClient
internal import LoadGenerator
internal import StreamingJSON

/// `skein load proxies`.
struct LoadProxiesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "proxies",
    abstract: "Connect simulated proxies and measure what reaches them when.",
    discussion: """
      The proxies are sidecars of the Pods of `skein load workload` (give the same sizes) and ask and \
      acknowledge in Envoy's order. Any server of Istio's discovery protocol will do. Connections and \
      edits happen at times that are fixed beforehand; what comes late counts as late. With \
      --token-file the proxies use mutual TLS: each line is a service account and a token, as \
      `ns-0/svc-0 skein.…`, one line for each namespace.
      """)

  @OptionGroup var sizes: WorkloadOptions
  @OptionGroup var fleet: FleetOptions
  @OptionGroup var changes: ChangeOptions

  /// The proxies.
  struct FleetOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The discovery port of the control plane.", valueName: "host:port"))
    var discoveryAddress = "127.0.0.1:15010"

    @Option(help: "How many proxies.")
    var proxies = 400

    @Option(help: "delta or sotw.")
    var xds = "delta"

    @Option(help: "The configuration to ask for: full, or trimmed of what only telemetry reads.")
    var profile = "full"

    @Option(help: ArgumentHelp("The roots of the control plane, PEM.", valueName: "file"))
    var rootCert: String?

    @Option(help: ArgumentHelp("Tokens of the proxies' service accounts.", valueName: "file"))
    var tokenFile: String?

    @Option(help: "The name in the control plane's certificate; the host of its address if absent.")
    var tlsServerName: String?

    @Option(
      help: ArgumentHelp("Proxies that start per second; all at once if absent.", valueName: "n"))
    var connectRate: Double?

    @Option(help: ArgumentHelp("Proxies that never read, in percent.", valueName: "percent"))
    var deaf = 0.0

    @Option(help: ArgumentHelp("Proxies that refuse a listener, in percent.", valueName: "percent"))
    var refusing = 0.0

    @Option(help: "Threads of the generator.")
    var threads = 2
  }

  /// What happens once the proxies are there.
  struct ChangeOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp(
        "Changes to make and to measure: endpoint, route, service-added, service-removed or "
          + "peer-authentication with a count; may be repeated.", valueName: "kind=n"))
    var edits: [String] = []

    @Option(help: ArgumentHelp("Edits per second.", valueName: "n"))
    var editRate = 2.0

    @Option(
      name: [.long, .customLong("api-address")],
      help: ArgumentHelp("Where the API listens that edits are made in.", valueName: "host:port"))
    var api: String?

    @Option(
      help: ArgumentHelp("Change one other Service's endpoints so often a second.", valueName: "n"))
    var flapRate = 0.0

    @Option(help: ArgumentHelp("Proxies that leave and come back per second.", valueName: "n"))
    var churn = 0.0

    @Flag(help: "After that, cut every stream at once and measure the return.")
    var cut = false

    @Option(help: ArgumentHelp("How long to stay after all of it.", valueName: "duration"))
    var hold: String?

    @Option(
      help: ArgumentHelp("The longest wait for all proxies to be complete.", valueName: "duration"))
    var timeout = "5m"

    @Option(help: ArgumentHelp("The server's process, to measure what it uses.", valueName: "pid"))
    var pid: Int32?

    @Option(name: [.customShort("o"), .long], help: "table or json.")
    var output = DiagnosticsOptions.Output.table

    /// The edits in the order given; nil for one that cannot be read.
    var parsedEdits: [(EditKind, Int)]? {
      var result: [(EditKind, Int)] = []
      for text in edits {
        let parts = text.split(separator: "=")
        guard parts.count == 2, let kind = EditKind(rawValue: String(parts[0])),
          let count = Int(parts[1]), (1...1_000_000).contains(count)
        else { return nil }
        result.append((kind, count))
      }
      return result
    }
  }

  func validate() throws {
    guard GRPCAddress(fleet.discoveryAddress) != nil else {
      throw ValidationError("--discovery-address \(fleet.discoveryAddress) is not host:port")
    }
    guard ["delta", "sotw"].contains(fleet.xds), ["full", "trimmed"].contains(fleet.profile) else {
      throw ValidationError("--xds must be delta or sotw, --profile full or trimmed")
    }
    guard (1...100_000).contains(fleet.proxies), (1...64).contains(fleet.threads) else {
      throw ValidationError("--proxies must be 1–100000 and --threads 1–64")
    }
    guard (0...100).contains(fleet.deaf), (0...100).contains(fleet.refusing) else {
      throw ValidationError("--deaf and --refusing must be 0–100 percent")
    }
    guard (fleet.tokenFile == nil) == (fleet.rootCert == nil) else {
      throw ValidationError("--token-file and --root-cert belong together")
    }
    guard changes.parsedEdits != nil else {
      let kinds = EditKind.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--edits must be a kind (\(kinds)), = and a count")
    }
    guard LoadDuration(changes.timeout) != nil,
      changes.hold.map({ LoadDuration($0) != nil }) ?? true
    else { throw ValidationError("--timeout and --hold must be durations as 500ms, 30s or 2m") }
    let rates = [
      ("connect-rate", fleet.connectRate), ("edit-rate", changes.editRate),
      ("flap-rate", changes.flapRate == 0 ? nil : changes.flapRate),
      ("churn", changes.churn == 0 ? nil : changes.churn),
    ]
    for case (let name, let rate?) in rates where !(0.001...100_000).contains(rate) {
      throw ValidationError("--\(name) must be 0.001–100000 a second")
    }
  }

  func run() async throws {
    if let pid = changes.pid, ProcessUsage(pid: pid) == nil {
      throw CleanFailure("there is no process \(pid); give --pid the server's", code: ExitCode(66))
    }
    let configuration = try await makeConfiguration()
    let needsClient = !changes.edits.isEmpty || changes.flapRate > 0
    let report =
      needsClient
      ? try await LoadConnection.withClient(changes.api) { try await measure(configuration, $0) }
      : try await measure(configuration, nil)
    switch changes.output {
    case .json: print(String(decoding: report.json.serialized(), as: UTF8.self))
    case .table: print(report.text)
    }
    guard report.isComplete else {
      throw CleanFailure(
        "not all proxies were complete within \(changes.timeout)", code: ExitCode(75))
    }
  }

  private func measure(
    _ configuration: ProxyFleet.Configuration, _ client: KubernetesClient?
  ) async throws -> FleetReport {
    let line = ProgressLine()
    var run = FleetRun(fleet: configuration, client: client)
    run.pid = changes.pid
    run.edits = changes.parsedEdits ?? []
    run.editRate = changes.editRate
    run.flapRate = changes.flapRate
    run.cutsAll = changes.cut
    run.timeout = LoadDuration(changes.timeout)?.duration ?? .seconds(300)
    run.hold = changes.hold.flatMap { LoadDuration($0)?.duration } ?? .zero
    let report = try await run.perform { line.show($0) }
    line.clear()
    return report
  }

  private func makeConfiguration() async throws -> ProxyFleet.Configuration {
    guard let address = GRPCAddress(fleet.discoveryAddress) else { throw ExitCode(64) }
    var configuration = ProxyFleet.Configuration(address: address)
    configuration.proxies = fleet.proxies
    configuration.isDelta = fleet.xds == "delta"
    configuration.profile = fleet.profile == "full" ? nil : fleet.profile
    configuration.workload = sizes.workload
    configuration.connectRate = fleet.connectRate
    configuration.churnRate = changes.churn
    configuration.deafShare = fleet.deaf / 100
    configuration.refusingShare = fleet.refusing / 100
    configuration.threads = fleet.threads
    if let tokenFile = fleet.tokenFile, let rootCert = fleet.rootCert {
      do {
        configuration.credentials = try await FleetCredentials(
          tokens: try tokens(in: tokenFile), rootCertificatesPEM: try LoadFile.text(of: rootCert),
          address: address, serverName: fleet.tlsServerName)
      } catch let status as GRPCStatus {
        throw CleanFailure("no certificates for the proxies: \(status)", code: ExitCode(69))
      } catch let error as GRPCTLSError {
        throw CleanFailure("\(rootCert): \(error)", code: ExitCode(65))
      }
    }
    return configuration
  }

  private func tokens(in path: String) throws -> [FleetCredentials.Token] {
    try LoadFile.text(of: path).split(whereSeparator: \.isNewline).map { line in
      let parts = line.split(whereSeparator: { $0 == " " || $0 == "/" }).map(String.init)
      guard parts.count == 3, LoadFile.isToken(line.filter { $0 != " " }) else {
        throw CleanFailure(
          "\(path): a line is not <namespace>/<service-account> <token>", code: ExitCode(65))
      }
      return FleetCredentials.Token(
        namespace: parts[0], serviceAccount: parts[1], secret: parts[2])
    }
  }
}
