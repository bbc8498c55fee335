internal import ArgumentParser
internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import StreamingJSON

/// Options of commands that ask a running control plane.
struct DiagnosticsOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The debug address of the control plane.", valueName: "host:port"))
  var httpAddress = "127.0.0.1:8080"

  /// How the answer is shown.
  enum Output: String, ExpressibleByArgument, CaseIterable {
    case table
    case json
  }

  @Option(name: [.customShort("o"), .long], help: "table or json.")
  var output = Output.table

  /// Reads a debug page; explains what is wrong where it cannot.
  func fetch(_ path: String) async throws -> JSONValue {
    let request = HTTPClientRequest(url: "http://\(httpAddress)/\(path)")
    var settings = HTTPClient.Configuration()
    // An address where nothing listens is told of at once.
    settings.connectionPool.retryConnectionEstablishment = false
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
    let status: UInt
    let body: ByteBuffer
    do {
      let response = try await client.execute(request, timeout: .seconds(10))
      status = response.status.code
      body = try await response.body.collect(upTo: 512 << 20)
      try await client.shutdown()
    } catch {
      try? await client.shutdown()
      throw CleanFailure(
        "no control plane answers at \(httpAddress) (\(error)); give --http-address its address",
        code: ExitCode(69))
    }
    guard status == 200 else {
      throw CleanFailure(String(buffer: body), code: ExitCode(66))
    }
    return try JSONValue(parsing: Array(body.readableBytesView))
  }
}

/// A type of resources by its short name.
enum ShownType: String, ExpressibleByArgument, CaseIterable {
  case cds
  case eds
  case lds
  case rds
  case vhds
  case sds
}

/// A failure that is told in one line.
struct CleanFailure: Error, CustomStringConvertible {
  var description: String
  var code: ExitCode

  init(_ description: String, code: ExitCode) {
    self.description = description
    self.code = code
  }
}

/// `skein status`.
struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show what every connected proxy has and refused, and what is wrong with objects.")

  /// How many objects are told of.
  private static let objectLimit = 50

  @OptionGroup var diagnostics: DiagnosticsOptions

  func run() async throws {
    let proxies = try await diagnostics.fetch("debug/syncz")
    if diagnostics.output == .json {
      print(String(decoding: proxies.serialized(), as: UTF8.self))
      return
    }
    var table = TextTable(["PROXY", "TYPE", "STATE", "WANTED", "SENT", "ACKNOWLEDGED", "WAITING"])
    var refusals: [String] = []
    for proxy in proxies.elements {
      let name = proxy[at: "proxy"].text
      for type in proxy[at: "types"].elements {
        table.add([
          name, type[at: "type"].text, type[at: "state"].text, type[at: "wanted"].text,
          type[at: "sent"].text,
          type[at: "acknowledged"].text, type[at: "outstanding"].text,
        ])
        for rejection in type[at: "rejections"].elements {
          let sources = rejection[at: "sources"].elements.map(\.text).joined(separator: ", ")
          refusals.append(
            "\(name) refused \(type[at: "type"].text) \(rejection[at: "resource"].text)"
              + (sources.isEmpty ? "" : ", made from \(sources)")
              + ": \(Self.summary(rejection[at: "message"].text))")
        }
      }
    }
    print(table.text)
    for refusal in refusals { print("\n" + refusal) }
    let objects = try await diagnostics.fetch("debug/objectz").elements
    for object in objects.prefix(Self.objectLimit) { print("\n" + Self.summary(of: object)) }
    if objects.count > Self.objectLimit {
      print("\n… and \(objects.count - Self.objectLimit) objects more, at /debug/objectz")
    }
  }

  /// An object on one line, with what is wrong.
  private static func summary(of object: JSONValue) -> String {
    let unknown = object[at: "unknown_fields"].elements.map { "unknown field \($0.text)" }
    let faults = object[at: "issues"].elements.map(\.text) + unknown
    let isRejected = object["rejected"]?.boolValue ?? false
    return object[at: "object"].text
      + (isRejected ? " is rejected, its last good version stays" : "") + ": "
      + summary(faults.joined(separator: "; "))
  }

  /// A message of Envoy on one line: some hold the whole resource before the reason, which is last.
  private static func summary(_ message: String) -> String {
    let line = message.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    guard line.count > 500 else { return line }
    return "\(line.prefix(100)) … \(line.suffix(380))"
  }
}

/// `skein config`.
struct ConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Show the resources that a proxy should hold.")

  @OptionGroup var diagnostics: DiagnosticsOptions

  @Argument(help: "The proxy, by node id or as name.namespace.")
  var node: String

  @Option(help: "Only this type: cds, eds, lds, rds, vhds or sds.")
  var type: ShownType?

  func run() async throws {
    let query = node.addingPercentEncoding
    let resources = try await diagnostics.fetch("debug/config_dump?proxyID=\(query)")
      .elements.filter { type == nil || $0[at: "type"].text == type?.rawValue }
    if diagnostics.output == .json {
      print(String(decoding: JSONValue.array(resources).serialized(), as: UTF8.self))
      return
    }
    var table = TextTable(["TYPE", "NAME", "VERSION", "FROM"])
    for resource in resources {
      table.add([
        resource[at: "type"].text, resource[at: "name"].text, resource[at: "version"].text,
        resource[at: "sources"].elements.map(\.text).joined(separator: " "),
      ])
    }
    print(table.text)
  }
}

extension String {
  /// The text with everything but letters, digits and `-._~` percent-encoded (RFC 3986 §2.3).
  fileprivate var addingPercentEncoding: String {
    utf8.reduce(into: "") { text, byte in
      let character = Character(UnicodeScalar(byte))
      if byte < 0x80, character.isLetter || character.isNumber || "-._~".contains(character) {
        text.append(character)
      } else {
        let hex = String(byte, radix: 16, uppercase: true)
        text += "%" + (hex.count == 1 ? "0" : "") + hex
      }
    }
  }
}
