import KubernetesAPI
import KubernetesClient
import MeshTesting
import ServiceLifecycle
import Testing

@testable import ControlPlane

struct LeaderElectionTests {
  private static let key = ObjectKey(namespace: "istio-system", name: "leader")

  private static func withAPI<Result: Sendable>(
    _ body: @Sendable (FaultyAPI, KubernetesClient) async throws -> Result
  ) async throws -> Result {
    try await EmbeddedAPI.runBehindFaults { relay, url in
      try await KubernetesClient.whileOpen(url) { try await body(relay, $0) }
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
        client: client, key: Self.key, identity: "one", timing: timing, logger: EmbeddedAPI.logger
      ) {
        try? await Task.sleep(for: .seconds(600))
      }
      try await RunningService.whileRunning(election, logger: EmbeddedAPI.logger) {
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
