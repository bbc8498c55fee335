import Foundation
import KubernetesAPI
import KubernetesClient
import Logging
import MeshTesting
import ServiceLifecycle
import StandaloneAPI
import Testing

@testable import ControlPlane

struct LeaderElectionTests {
  private static let key = ObjectKey(namespace: "istio-system", name: "leader")

  private static var logger: Logger {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return logger
  }

  private static func withAPI<Result: Sendable>(
    _ body: @Sendable (FaultyAPI, KubernetesClient) async throws -> Result
  ) async throws -> Result {
    let folder = NSTemporaryDirectory() + "skein-election-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let server = try await StandaloneAPIServer(
      databasePath: "\(folder)/api.db", address: "127.0.0.1:0", logger: logger)
    return try await RunningService.whileRunning(server, logger: logger) {
      let relay = FaultyAPI(upstream: try await server.boundAddress, logger: logger)
      return try await RunningService.whileRunning(relay, logger: logger) {
        let client = KubernetesClient(
          configuration: .init(baseURL: "http://\(try await relay.address)"), logger: logger)
        do {
          let result = try await body(relay, client)
          await client.shutdown()
          return result
        } catch {
          await client.shutdown()
          throw error
        }
      }
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `a leader whose renewals are not answered leads no more before its lease is over`()
    async throws
  {
    try await Self.withAPI { relay, client in
      let timing = LeaderElection.Timing(
        lease: .seconds(4), renewal: .seconds(2), retry: .milliseconds(500))
      let election = LeaderElection(
        client: client, key: Self.key, identity: "one", timing: timing, logger: Self.logger
      ) {
        try? await Task.sleep(for: .seconds(600))
      }
      try await RunningService.whileRunning(election, logger: Self.logger) {
        while !election.isLeader { try await Task.sleep(for: .milliseconds(10)) }
        relay.plan { _ in .silence }
        let start = ContinuousClock.now
        while election.isLeader { try await Task.sleep(for: .milliseconds(10)) }
        let time = ContinuousClock.now - start
        #expect(time < timing.lease, "\(time)")
        // It leads again once it is answered.
        relay.plan { _ in .none }
        relay.cutAll()
        while !election.isLeader { try await Task.sleep(for: .milliseconds(10)) }
      }
    }
  }
}
