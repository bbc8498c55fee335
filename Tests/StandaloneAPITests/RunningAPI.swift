internal import AsyncHTTPClient
internal import Foundation
internal import Logging
import MeshTesting
internal import NIOCore
internal import NIOHTTP1
internal import StandaloneAPI
internal import StreamingJSON
import Testing

/// An embedded API on a port of its own, in a folder of its own, for the length of a closure.
struct RunningAPI: Sendable {
  let address: String
  let folder: String

  var url: String { "http://\(address)" }

  static func run<Result: Sendable>(
    folder given: String? = nil, requiresToken: Bool = false,
    _ body: @Sendable @escaping (RunningAPI) async throws -> Result
  ) async throws -> Result {
    let folder = try given ?? temporaryFolder()
    defer { if given == nil { try? FileManager.default.removeItem(atPath: folder) } }
    var logger = Logger(label: "test")
    logger.logLevel = .error
    let server = try await StandaloneAPIServer(
      databasePath: "\(folder)/api.db", address: "127.0.0.1:0", requiresToken: requiresToken,
      logger: logger)
    return try await RunningService.whileRunning(server, logger: logger) {
      try await body(RunningAPI(address: try await server.boundAddress, folder: folder))
    }
  }

  static func temporaryFolder() throws -> String {
    let folder = NSTemporaryDirectory() + "skein-api-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return folder
  }

  /// Sends one request and returns the status and the object that was answered.
  func request(
    _ method: String, _ path: String, _ body: JSONValue? = nil, raw: [UInt8]? = nil,
    type: String = "application/json", accept: String = "application/json", token: String? = nil
  ) async throws -> (status: Int, object: JSONValue, warnings: [String]) {
    var request = HTTPClientRequest(url: url + path)
    request.method = .init(rawValue: method)
    request.headers.add(name: "Content-Type", value: type)
    request.headers.add(name: "Accept", value: accept)
    if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
    if let bytes = raw ?? body?.serialized() { request.body = .bytes(ByteBuffer(bytes: bytes)) }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
    let buffer = try await response.body.collect(upTo: 64 << 20)
    let object = try JSONValue(parsing: Array(buffer.readableBytesView))
    return (Int(response.status.code), object, response.headers["Warning"])
  }

  /// Opens a watch and hands its events to `body` one by one until it returns something.
  func watch<Result: Sendable>(
    _ path: String, _ body: @Sendable (JSONValue) async throws -> Result?
  ) async throws -> Result? {
    let response = try await HTTPClient.shared.execute(
      HTTPClientRequest(url: url + path), timeout: .seconds(30))
    var pending: [UInt8] = []
    for try await buffer in response.body {
      pending += Array(buffer.readableBytesView)
      while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
        let event = try JSONValue(parsing: Array(pending[..<end]))
        pending.removeSubrange(...end)
        if let result = try await body(event) { return result }
      }
    }
    return nil
  }
}

/// A stock kubectl.
struct Kubectl: Sendable {
  let path: String
  let server: String
  let home: String

  /// The ones to test with: `KUBECTL` or the one in the usual place, and Debian's old one that
  /// `make deps` fetched.
  static let paths = [
    ProcessInfo.processInfo.environment["KUBECTL"] ?? "/usr/bin/kubectl",
    EnvoyBinary.packageFolder + "/.tools/kubectl",
  ].filter { FileManager.default.isExecutableFile(atPath: $0) }

  init(_ path: String, for api: RunningAPI) {
    self.path = path
    server = api.url
    home = api.folder
  }

  /// Runs kubectl and returns its exit code and everything it printed.
  func callAsFunction(
    _ arguments: String..., input: String? = nil
  ) async throws -> (code: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = ["--server", server] + arguments
    process.environment = ["HOME": home, "PATH": "/usr/bin:/bin", "KUBECONFIG": "/dev/null"]
    let output = home + "/out-\(UUID().uuidString)"
    _ = FileManager.default.createFile(atPath: output, contents: nil)
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
    process.standardOutput = handle
    process.standardError = handle
    let pipe = Pipe()
    process.standardInput = pipe
    let code = try await withCheckedThrowingContinuation {
      (continuation: CheckedContinuation<Int32, any Error>) in
      process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
      do {
        try process.run()
        if let input { pipe.fileHandleForWriting.write(Data(input.utf8)) }
        try pipe.fileHandleForWriting.close()
      } catch {
        continuation.resume(throwing: error)
      }
    }
    try handle.close()
    return (code, try String(contentsOfFile: output, encoding: .utf8))
  }
}
