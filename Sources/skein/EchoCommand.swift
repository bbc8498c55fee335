internal import ArgumentParser
internal import EchoWorkload
internal import Logging
internal import ServiceLifecycle
internal import UnixSignals

/// `skein echo`.
struct EchoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "echo",
    abstract: "Run a workload that answers with what it received.",
    discussion: """
      Answers HTTP/1.1 and HTTP/2 with prior knowledge on one address with a JSON object: its name, \
      the request line, all headers, and the peer. A request may ask for delay=250ms or status=418 \
      in its query. A second address sends TCP bytes back.
      """)

  @Option(help: "The name to answer with.")
  var name = "echo"

  @Option(help: ArgumentHelp("Where to serve HTTP, or 'off'.", valueName: "host:port"))
  var httpAddress = "127.0.0.1:8080"

  @Option(help: ArgumentHelp("Where to serve TCP.", valueName: "host:port"))
  var tcpAddress: String?

  @Option(help: ArgumentHelp("Hold every HTTP answer back, as 250ms or 2s.", valueName: "duration"))
  var delay = "0s"

  @Option(help: "The status of HTTP answers.")
  var status = 200

  @Option(help: ArgumentHelp("Answer every n-th HTTP request with 503.", valueName: "n"))
  var failEvery = 0

  @Flag(help: "Greet TCP connections with the name.")
  var tcpGreeting = false

  func validate() throws {
    guard httpAddress == "off" || EchoAddress(httpAddress) != nil else {
      throw ValidationError("--http-address \(httpAddress) is not host:port")
    }
    guard tcpAddress.map({ EchoAddress($0) != nil }) ?? true else {
      throw ValidationError("--tcp-address is not host:port")
    }
    guard EchoDelay(delay) != nil else { throw ValidationError("--delay \(delay) is no duration") }
    guard (200...599).contains(status) else { throw ValidationError("--status must be 200–599") }
    guard failEvery >= 0 else { throw ValidationError("--fail-every must not be negative") }
  }

  func run() async throws {
    var configuration = EchoConfiguration()
    configuration.name = name
    configuration.httpAddress = httpAddress == "off" ? nil : EchoAddress(httpAddress)
    configuration.tcpAddress = tcpAddress.flatMap { EchoAddress($0) }
    configuration.greetsTCP = tcpGreeting
    configuration.delay = EchoDelay(delay)?.duration ?? .zero
    configuration.status = status
    configuration.failEvery = failEvery
    let logger = Logger(label: "skein.echo")
    let server = EchoServer(configuration: configuration, logger: logger)
    try await ServiceGroup(
      services: [server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
    ).run()
  }
}
