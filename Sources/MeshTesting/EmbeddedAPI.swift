internal import Foundation
package import KubernetesClient
package import Logging
internal import StandaloneAPI

/// An embedded API in this process, for the length of a closure.
package enum EmbeddedAPI {
  /// Logs what no test provokes.
  package static var logger: Logger {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return logger
  }

  /// Runs one on a port and in a folder of its own; the closure gets its URL.
  package static func run<Result: Sendable>(
    _ body: (String) async throws -> Result
  ) async throws -> Result {
    let folder = NSTemporaryDirectory() + "skein-api-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let server = try await StandaloneAPIServer(
      databasePath: "\(folder)/api.db", address: "127.0.0.1:0", logger: logger)
    return try await RunningService.whileRunning(server, logger: logger) {
      try await body("http://\(try await server.boundAddress)")
    }
  }

  /// Runs one behind a relay that injects faults; the closure gets the relay and its URL.
  package static func runBehindFaults<Result: Sendable>(
    _ body: (FaultyAPI, String) async throws -> Result
  ) async throws -> Result {
    try await run { url in
      let relay = FaultyAPI(upstream: url, logger: logger)
      return try await RunningService.whileRunning(relay, logger: logger) {
        try await body(relay, "http://\(try await relay.address)")
      }
    }
  }
}

extension KubernetesClient {
  /// Opens a client of a URL for the length of a closure.
  package static func whileOpen<Result: Sendable>(
    _ url: String, _ change: (inout Configuration) -> Void = { _ in },
    _ body: (KubernetesClient) async throws -> Result
  ) async throws -> Result {
    var configuration = Configuration(baseURL: url)
    change(&configuration)
    let client = KubernetesClient(configuration: configuration, logger: EmbeddedAPI.logger)
    do {
      let result = try await body(client)
      await client.shutdown()
      return result
    } catch {
      await client.shutdown()
      throw error
    }
  }
}
