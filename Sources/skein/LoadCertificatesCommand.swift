internal import ArgumentParser
internal import GRPCTransport
internal import LoadGenerator
internal import OpenSSLCrypto
internal import StreamingJSON

/// `skein load certificates`.
struct LoadCertificatesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "certificates",
    abstract: "Measure how many signing requests a certificate authority serves.",
    discussion: """
      Works with any authority that speaks istio.v1.auth.IstioCertificateService over TLS. With \
      --rate, request i is due at start + i / rate whether or not earlier ones were answered, and its \
      latency counts from when it was due. Without, a bounded number is kept outstanding, which finds \
      the highest sustained rate. Keys and signing requests are made before the measurement begins \
      and then used in turn. A join token of skein serves any number of requests.
      """)

  /// Kinds of keys by their short names.
  enum Key: String, ExpressibleByArgument, CaseIterable {
    case rsa
    case ecdsa
  }

  @Option(help: ArgumentHelp("The secure port of the control plane.", valueName: "host:port"))
  var discoveryAddress = "127.0.0.1:15012"

  @Option(help: ArgumentHelp("The roots of the control plane, PEM.", valueName: "file"))
  var rootCert: String

  @Option(help: "The name in the control plane's certificate; the host of its address if absent.")
  var tlsServerName: String?

  @Option(
    help: ArgumentHelp(
      "A file with tokens, as `skein ca token create` prints them; may be repeated.",
      valueName: "file"))
  var tokenFile: [String]

  @Option(help: "The kind of the workloads' keys: rsa (2048 bits) or ecdsa (P-256).")
  var keyType = Key.ecdsa

  @Option(help: ArgumentHelp("Requests a second; the most that work if absent.", valueName: "n"))
  var rate: Double?

  @Option(help: ArgumentHelp("How long to send, as 500ms, 30s or 2m.", valueName: "duration"))
  var duration = "10s"

  @Option(help: ArgumentHelp("Connections that stay open.", valueName: "n"))
  var connections = 2

  @Flag(help: "Open a connection for each request, as a proxy does.")
  var newConnections = false

  @Option(help: ArgumentHelp("Requests outstanding when there is no --rate.", valueName: "n"))
  var outstanding = 8

  @Option(help: ArgumentHelp("Different signing requests, each of its own key.", valueName: "n"))
  var requests = 32

  @Option(help: ArgumentHelp("The server's process, to measure what it uses.", valueName: "pid"))
  var pid: Int32?

  @Option(name: [.customShort("o"), .long], help: "table or json.")
  var output = DiagnosticsOptions.Output.table

  func validate() throws {
    guard GRPCAddress(discoveryAddress) != nil else {
      throw ValidationError("--discovery-address \(discoveryAddress) is not host:port")
    }
    guard LoadDuration(duration) != nil else {
      throw ValidationError("--duration \(duration) is not a duration as 500ms, 30s or 2m")
    }
    guard rate.map({ (0.001...1_000_000).contains($0) }) ?? true else {
      throw ValidationError("--rate must be 0.001–1000000 a second")
    }
    guard (1...1000).contains(connections) else {
      throw ValidationError("--connections must be 1–1000")
    }
    guard (1...10_000).contains(outstanding) else {
      throw ValidationError("--outstanding must be 1–10000")
    }
    guard (1...100_000).contains(requests) else {
      throw ValidationError("--requests must be 1–100000")
    }
    guard !tokenFile.isEmpty else { throw ValidationError("give at least one --token-file") }
  }

  func run() async throws {
    guard let address = GRPCAddress(discoveryAddress), let length = LoadDuration(duration) else {
      return
    }
    var load = CertificateLoadConfiguration(
      address: address, rootsPEM: try LoadFile.text(of: rootCert),
      tokens: try tokenFile.flatMap { try tokens(in: $0) })
    load.serverName = tlsServerName
    load.keyType = keyType == .rsa ? .rsa2048 : .ecdsaP256
    load.requestCount = requests
    load.pace = rate.map { .open(rate: $0) } ?? .closed(outstanding: outstanding)
    load.connections = newConnections ? .fresh : .kept(connections)
    load.duration = length.duration
    load.serverPID = pid
    if let pid, ProcessUsage(pid: pid) == nil {
      throw CleanFailure("there is no process \(pid); give --pid the server's", code: ExitCode(66))
    }
    let line = ProgressLine()
    line.show("making \(requests) \(load.keyType.rawValue) keys")
    let report: CertificateLoadReport
    do throws(CertificateLoadError) {
      report = try await CertificateLoad.run(load) { line.show($0.text) }
    } catch {
      line.clear()
      throw CleanFailure("\(error)", code: error.exitCode)
    }
    line.clear()
    switch output {
    case .json: print(String(decoding: report.json.serialized(), as: UTF8.self))
    case .table: print(report.table)
    }
    if report.signed == 0 {
      throw CleanFailure("no request was answered with a certificate", code: ExitCode(69))
    }
  }

  private func tokens(in path: String) throws -> [String] {
    let tokens = try LoadFile.text(of: path).split(whereSeparator: \.isWhitespace).map(String.init)
    guard !tokens.isEmpty else {
      throw CleanFailure("the token file \(path) is empty", code: ExitCode(65))
    }
    guard tokens.allSatisfy(LoadFile.isToken) else {
      throw CleanFailure("the token file \(path) holds more than text", code: ExitCode(65))
    }
    return tokens
  }
}
