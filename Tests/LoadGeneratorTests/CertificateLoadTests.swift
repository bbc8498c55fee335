import GRPCTransport
import LoadGenerator
import OpenSSLCrypto
import StreamingJSON
import Testing

@Suite struct CertificateLoadTests {
  @Test(.timeLimit(.minutes(1)), arguments: KeyType.allCases)
  func `A closed loop counts what was signed`(keyType: KeyType) async throws {
    try await CertificateTestServer.run { server in
      var load = try server.load
      load.keyType = keyType
      load.requestCount = 2
      load.pace = .closed(outstanding: 4)
      load.duration = .milliseconds(300)
      let report = try await CertificateLoad.run(load)
      #expect(report.signed > 4)
      #expect(report.errors.isEmpty)
      // Each connection proves itself with a call that is not counted.
      #expect(server.calls == report.signed + 2)
      #expect(report.rate > 0)
      #expect(report.latencies.percentile(50) > 0)
      #expect(report.json[path: ["errors"]] == [:])
      #expect(report.json[path: ["generator", "cpu_s"]] != nil)
    }
  }

  @Test(
    .timeLimit(.minutes(1)), arguments: [CertificateLoadConfiguration.Connections.kept(3), .fresh])
  func `An open loop sends exactly what is due`(
    connections: CertificateLoadConfiguration.Connections
  ) async throws {
    try await CertificateTestServer.run { server in
      var load = try server.load
      load.connections = connections
      load.pace = .open(rate: 50)
      load.duration = .milliseconds(400)
      let report = try await CertificateLoad.run(load)
      #expect(report.signed == 20)
      #expect(report.errors.isEmpty)
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `Latencies count from when a request was due, not from when it could be sent`() async throws
  {
    try await CertificateTestServer.run { server in
      server.stall(for: .milliseconds(500), afterCalls: 1)
      var load = try server.load
      load.connections = .kept(1)
      load.pace = .open(rate: 100)
      load.duration = .milliseconds(400)
      let report = try await CertificateLoad.run(load)
      #expect(report.signed == 40)
      // Due evenly over the first 400 ms and answered after 500: the median has waited 300.
      #expect(report.latencies.percentile(50) > 200)
      #expect(report.latencies.longest > 450)
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `Refused calls are counted by their status`() async throws {
    try await CertificateTestServer.run { server in
      var load = try server.load
      load.connections = .kept(1)
      // The first call, which has to succeed, uses the first token.
      load.tokens.append("skein.0.0")
      load.pace = .open(rate: 100)
      load.duration = .milliseconds(200)
      let report = try await CertificateLoad.run(load)
      #expect(report.signed == 10)
      #expect(report.errors == ["unauthenticated": 10])
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `A server that goes away is an error of each request, and the run ends`() async throws {
    try await CertificateTestServer.run { server in
      server.shutDown(afterCalls: 10)
      var load = try server.load
      load.pace = .open(rate: 100)
      load.duration = .milliseconds(600)
      load.answerTimeout = .seconds(2)
      let report = try await CertificateLoad.run(load)
      #expect(report.signed > 0)
      #expect(report.errors.values.reduce(0, +) + report.signed == 60)
      #expect(report.errors.keys.allSatisfy { ["unavailable", "deadlineExceeded"].contains($0) })
      #expect(!report.errors.isEmpty)
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `What cannot be measured is told apart`() async throws {
    try await CertificateTestServer.run { server in
      var load = try server.load
      load.tokens = ["skein.0.0"]
      await #expect(
        throws: CertificateLoadError.refused(
          GRPCStatus(.unauthenticated, "request authenticate failure"))
      ) { try await CertificateLoad.run(load) }
      load.tokens = []
      await #expect(throws: CertificateLoadError.unusableInput("there is no token")) {
        try await CertificateLoad.run(load)
      }
      load = try server.load
      load.rootsPEM = "nonsense"
      await #expect(throws: CertificateLoadError.self) { try await CertificateLoad.run(load) }
      load = try server.load
      load.address = .unixSocket(path: "/tmp/skein-nobody-listens")
      let error = await #expect(throws: CertificateLoadError.self) {
        try await CertificateLoad.run(load)
      }
      guard case .unreachable? = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }
}
