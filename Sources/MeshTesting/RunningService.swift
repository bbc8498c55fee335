package import Logging
package import ServiceLifecycle

/// A service that runs for as long as a test needs it.
package enum RunningService {
  /// Runs `service` while `body` does, then ends it as a signal would, never by cancelling.
  package static func whileRunning<Result: Sendable>(
    _ service: any Service, logger: Logger, _ body: () async throws -> Result
  ) async throws -> Result {
    let group = ServiceGroup(
      configuration: .init(
        services: [.init(service: service, failureTerminationBehavior: .gracefullyShutdownGroup)],
        logger: logger))
    let running = Task { try await group.run() }
    do {
      let result = try await body()
      await group.triggerGracefulShutdown()
      try? await running.value
      return result
    } catch {
      await group.triggerGracefulShutdown()
      try? await running.value
      throw error
    }
  }
}
