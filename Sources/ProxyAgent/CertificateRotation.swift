internal import Logging
internal import OpenSSLCrypto
internal import ServiceLifecycle

/// Keeps the workload's certificate fresh: gets the first, and the next at half of its life.
///
/// A failure is tried again after a pause that doubles up to a minute; the old certificate stays
/// in use until there is a new one.
struct CertificateRotation: Service {
  private static let firstPause = Duration.milliseconds(200)
  private static let longestPause = Duration.seconds(60)

  let configuration: AgentConfiguration
  let secrets: WorkloadSecrets
  let clock: @Sendable () -> Int64
  let logger: Logger

  func run() async throws {
    try? await cancelWhenGracefulShutdown { try await rotate() }
  }

  private func rotate() async throws {
    let client = CertificateClient(configuration: configuration)
    var pause = Self.firstPause
    while true {
      do {
        let result = try await client.fetch(current: secrets.current, now: clock())
        secrets.replace(
          chainPEM: result.chainPEM, keyPEM: result.keyPEM, rootsPEM: result.rootsPEM,
          leaf: result.leaf)
        logger.info(
          "Certificate received",
          metadata: [
            "ca.identity": "\(result.leaf.uris.first ?? "")",
            "ca.not_after": "\(result.leaf.notAfter)",
          ])
        pause = Self.firstPause
        try await Task.sleep(for: untilHalfLife(of: secrets.current))
      } catch is CancellationError {
        return
      } catch {
        logger.warning("No certificate from the control plane", metadata: ["error": "\(error)"])
        try await Task.sleep(for: pause * Double.random(in: 0.8...1.2))
        pause = min(pause * 2, Self.longestPause)
      }
    }
  }

  /// Half of the lifetime from now, give or take a hundredth, so that a fleet does not renew at
  /// once.
  private func untilHalfLife(of generation: WorkloadSecrets.Generation?) -> Duration {
    guard let leaf = generation?.leaf else { return .zero }
    let remaining = Double(max(0, leaf.notAfter - clock()))
    return .milliseconds(Int64(max(100, remaining * 500 * Double.random(in: 0.99...1.01))))
  }
}
