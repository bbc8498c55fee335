internal import CProcess
internal import Logging
internal import ServiceLifecycle

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Runs Envoy once there are secrets for it, starts it again when it ends, and drains it when the
/// agent stops.
struct EnvoySupervisor: Service {
  private static let firstPause = Duration.milliseconds(200)
  private static let longestPause = Duration.seconds(30)
  /// An Envoy that ran this long starts again without a pause.
  private static let stableAfter = Duration.seconds(60)
  private static let terminationLimit = Duration.seconds(5)

  let configuration: AgentConfiguration
  let secrets: WorkloadSecrets
  let logger: Logger

  func run() async throws {
    guard await waitForSecrets() else { return }
    var pause = Self.firstPause
    while !Task.isShuttingDownGracefully, !Task.isCancelled {
      let start = ContinuousClock.now
      do {
        let code = try await runOnce()
        guard !Task.isShuttingDownGracefully, !Task.isCancelled else { return }
        logger.error("Envoy ended", metadata: ["envoy.exit_code": "\(code)"])
      } catch {
        logger.error("Envoy cannot be started", metadata: ["error": "\(error)"])
      }
      if ContinuousClock.now - start > Self.stableAfter {
        pause = Self.firstPause
      }
      let now = pause
      try? await cancelWhenGracefulShutdown { try await Task.sleep(for: now) }
      pause = min(pause * 2, Self.longestPause)
    }
  }

  private var arguments: [String] {
    let drain = max(1, configuration.drainDuration.components.seconds)
    return configuration.launcher + [
      configuration.envoyPath, "-c", configuration.bootstrapPath, "--disable-hot-restart",
      "--concurrency", String(configuration.concurrency), "--drain-time-s", String(drain),
      "--drain-strategy", "immediate", "--log-level", configuration.envoyLogLevel,
    ]
  }

  private func waitForSecrets() async -> Bool {
    let (arrivals, arrived) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let watcher = secrets.watch { arrived.yield() }
    defer { secrets.unwatch(watcher) }
    if secrets.current != nil { return true }
    for await _ in arrivals.cancelOnGracefulShutdown() where secrets.current != nil {
      return true
    }
    return false
  }

  private func runOnce() async throws -> Int {
    let process = ChildProcess(arguments: arguments)
    logger.info("Envoy starts", metadata: ["envoy.path": "\(configuration.envoyPath)"])
    return try await withThrowingTaskGroup(of: Int?.self) { group in
      group.addTask { try await process.run() }
      group.addTask {
        do {
          try await gracefulShutdown()
          await stop(process)
        } catch {
          // Cancelled: either Envoy has ended by itself, or the agent must stop at once.
          process.signal(SIGKILL)
        }
        return nil
      }
      defer { group.cancelAll() }
      while let result = try await group.next() {
        if let code = result { return code }
      }
      return 0
    }
  }

  /// Tells Envoy to drain, waits for its connections, and ends it.
  private func stop(_ process: ChildProcess) async {
    let admin = EnvoyAdmin(port: configuration.adminPort)
    logger.info("Envoy drains")
    _ = try? await admin.post("/drain_listeners?graceful&skip_exit")
    let drained = ContinuousClock.now + configuration.drainDuration
    while ContinuousClock.now < drained, !process.hasEnded, await admin.openConnections() ?? 0 > 0 {
      try? await Task.sleep(for: .milliseconds(100))
    }
    process.signal(SIGTERM)
    let limit = ContinuousClock.now + Self.terminationLimit
    while ContinuousClock.now < limit, !process.hasEnded {
      try? await Task.sleep(for: .milliseconds(20))
    }
    process.signal(SIGKILL)
  }
}
