import GRPCTransport
import KubernetesAPI
import KubernetesClient
import LoadGenerator
import Logging
import MeshTesting
import StreamingJSON
import Testing
import XDSProtocol

extension EndToEnd {
  /// What some proxies or some objects do costs the others nothing: simulated proxies by the dozen on a
  /// `skein serve` of its own.
  ///
  /// The bounds are for a debug build on a machine with other work. Docs/Performance.md has what an
  /// optimized build does.
  @Suite(.serialized)
  struct LoadTests {
    private static let workload = ReferenceWorkload(
      namespaces: 4, services: 60, pods: 3, routes: 20)

    /// Latencies of edits in rounds with and without a disturbance, in turn so that whatever else the
    /// machine does meets both.
    ///
    /// Both ways each edit has to reach every proxy within 20 seconds. The bound of the medians is twice
    /// the idle one and 30 ms, which a noisy machine adds at times: an update that waits for the end of
    /// the flapping never arrives, one that waits for a batch of it takes hundreds of milliseconds.
    private static func expectFair(_ idle: Latencies, _ disturbed: Latencies, edits: Int) {
      print(
        "edits to the last proxy: p50 \(idle.percentile(50)) ms idle, "
          + "\(disturbed.percentile(50)) ms disturbed; p99 \(idle.percentile(99)) and "
          + "\(disturbed.percentile(99)) ms")
      #expect(idle.count == edits && disturbed.count == edits)
      #expect(disturbed.percentile(50) <= 2 * idle.percentile(50) + 30)
    }

    @Test(.timeLimit(.minutes(2)))
    func `A service that flaps at 50 Hz does not slow down the endpoints of another`() async throws
    {
      try await withLoad { mesh, client in
        var (idle, disturbed) = (Latencies(), Latencies())
        var flaps = 0.0
        for round in 0..<6 {
          var run = FleetRun(fleet: try Self.fleet(mesh, proxies: 12), client: client)
          run.flapRate = round % 2 == 0 ? 0 : 50
          run.edits = [(.endpoint, 30)]
          run.editRate = 15
          let built = try await mesh.metrics()["skein_resources_built_total"] ?? 0
          let report = try await run.perform { _ in }
          #expect(report.isComplete)
          let edits = try #require(report.edits.first)
          #expect(edits.incomplete == 0)
          if round % 2 == 0 {
            idle.add(edits.last)
          } else {
            disturbed.add(edits.last)
            flaps += (try await mesh.metrics()["skein_resources_built_total"] ?? 0) - built
          }
        }
        Self.expectFair(idle, disturbed, edits: 90)
        // Six seconds of flapping at 50 Hz changes two clusters' endpoints each time: it did happen.
        #expect(flaps > 200, "only \(flaps) resources were built")
      }
    }

    @Test(.timeLimit(.minutes(2)))
    func `Proxies that never read cost the others nothing and hold bounded memory`() async throws {
      // So many clusters that they do not fit into what HTTP/2 lets under way unread.
      let workload = ReferenceWorkload(namespaces: 4, services: 150, pods: 1, routes: 20)
      try await withLoad(workload) { mesh, client in
        var (idle, disturbed) = (Latencies(), Latencies())
        var times = [Latencies(), Latencies()]
        for round in 0..<4 {
          var fleet = try Self.fleet(mesh, workload, proxies: 40)
          // One of ten, so that there are some.
          fleet.deafShare = round % 2 == 0 ? 0 : 0.1
          let readers = ProxyFleet(fleet).readers
          #expect(readers == (round % 2 == 0 ? 40 : 36))
          var run = FleetRun(fleet: fleet, client: client)
          run.edits = [(.serviceAdded, 20), (.serviceRemoved, 20), (.endpoint, 30)]
          run.editRate = 20
          let watch = Task { try await Self.pendingBytes(mesh) }
          let report = try await run.perform { _ in }
          watch.cancel()
          let pending = try await watch.value
          let clusters = Double(report.cold.types[.cluster].bytes / readers)
          if round % 2 == 1 {
            print("waiting for the deaf: \(pending) bytes, clusters have \(clusters)")
            // Four proxies were sent their clusters once, and nothing in all the edits since.
            #expect(pending.last > 0 && pending.last <= 4 * (clusters + 5))
            #expect(pending.last == pending.middle)
          }
          #expect(report.isComplete)
          for edits in report.edits { #expect(edits.incomplete == 0, "\(edits.kind)") }
          // A proxy whose connection answers is never sent away, read as little as it may.
          #expect(report.json["streams_lost"] == 0)
          times[round % 2].add(report.cold.firstTimes)
          for edit in report.edits where edit.kind == .endpoint {
            if round % 2 == 0 { idle.add(edit.last) } else { disturbed.add(edit.last) }
          }
          try await eventually("the streams have ended") {
            try await mesh.metrics()["pilot_xds"] == 0
          }
          #expect(try await mesh.metrics()["skein_xds_pending_bytes"] == 0)
        }
        Self.expectFair(idle, disturbed, edits: 60)
        print(
          "complete: p50 \(times[0].percentile(50)) and \(times[1].percentile(50)) ms")
        #expect(times[1].percentile(50) <= 2 * times[0].percentile(50) + 100)
      }
    }

    @Test(.timeLimit(.minutes(2)))
    func `1,000 edits of metadata and status build nothing and send nothing`() async throws {
      try await withLoad { mesh, client in
        let fleet = ProxyFleet(try Self.fleet(mesh, proxies: 8))
        try await fleet.start()
        #expect(await fleet.waitUntilComplete(within: .seconds(20)))
        try await Self.awaitQuiet(mesh)
        let before = try await Self.work(mesh)
        let received = fleet.tally
        let kinds: [KubernetesResource] = [
          .services, .pods, .endpointSlices, .virtualServices, .destinationRules,
        ]
        let objects = kinds.map { kind in Self.workload.objects.filter { $0.resource == kind } }
        var versions: Set<String> = []
        for number in 0..<1000 {
          let list = objects[number % kinds.count]
          var object = list[(number / kinds.count) % list.count]
          object.value[path: ["metadata", "annotations"]] = [
            "example.org/note": .string("\(number)")
          ]
          let answer = try await client.apply(
            object.value, as: object.resource, key: object.key)
          versions.insert(answer.object[path: ["metadata", "resourceVersion"]]?.stringValue ?? "")
          if number % 20 == 1 {
            object.value["status"] = object.value["status"] ?? [:]
            object.value[path: ["status", "message"]] = .string("note \(number)")
            _ = try await client.applyStatus(object.value, as: object.resource, key: object.key)
          }
        }
        #expect(versions.count == 1000, "every edit was one")
        // An edit that does something comes last and arrives: so all before it were dealt with.
        let edits = try await EditRun(
          workload: Self.workload, client: client, fleet: fleet, rate: 10, pid: nil
        ).perform(.endpoint, count: 1)
        #expect(edits.incomplete == 0)
        try await Self.awaitQuiet(mesh)
        let after = try await Self.work(mesh)
        // Two ports, and the subset that the endpoint is in has clusters of its own.
        let ownWork = 4.0
        #expect(
          after["skein_resources_built_total"] == before["skein_resources_built_total"]! + ownWork)
        #expect(fleet.tally.messages - received.messages == 8)
        #expect(after["pushes"] == before["pushes"]! + 8)
        await fleet.stop()
      }
    }

    // MARK: Surroundings

    private func withLoad(
      _ workload: ReferenceWorkload = Self.workload,
      _ body: (RunningMesh, KubernetesClient) async throws -> Void
    ) async throws {
      try await RunningMesh.run { mesh in
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let client = KubernetesClient(
          configuration: .init(baseURL: "http://\(mesh.controlAddress):8001"), logger: logger)
        do {
          try await WorkloadCreation(workload: workload, client: client).run { _, _ in }
          try await body(mesh, client)
        } catch {
          await client.shutdown()
          throw error
        }
        await client.shutdown()
      }
    }

    private static func fleet(
      _ mesh: RunningMesh, _ workload: ReferenceWorkload = Self.workload, proxies: Int
    ) throws -> ProxyFleet.Configuration {
      let address = try #require(GRPCAddress("\(mesh.controlAddress):15010"))
      var configuration = ProxyFleet.Configuration(address: address)
      configuration.proxies = proxies
      configuration.workload = workload
      return configuration
    }

    /// The bytes that wait for proxies while edits are made, until cancelled: in the middle and last.
    private static func pendingBytes(
      _ mesh: RunningMesh
    ) async throws -> (middle: Double, last: Double) {
      var seen: [Double] = []
      while !Task.isCancelled {
        let metrics: [String: Double]
        do {
          metrics = try await mesh.metrics()
        } catch {
          // The end may come in the middle of a question.
          guard Task.isCancelled else { throw error }
          break
        }
        // At the end the fleet leaves.
        if metrics["pilot_xds"] == 40 { seen.append(metrics["skein_xds_pending_bytes"] ?? 0) }
        try? await Task.sleep(for: .milliseconds(100))
      }
      guard let last = seen.dropLast(3).last else { throw MeshFailure("nothing was seen") }
      return (seen[seen.count / 2], last)
    }

    /// The counters of work, and `pushes` of all types.
    private static func work(_ mesh: RunningMesh) async throws -> [String: Double] {
      var values = try await mesh.metrics().filter { $0.key.hasSuffix("_total") }
      values["pushes"] = try await mesh.metrics().filter { $0.key.hasPrefix("pilot_xds_pushes") }
        .values.reduce(0, +)
      return values
    }

    private static func awaitQuiet(_ mesh: RunningMesh) async throws {
      var last: [String: Double] = [:]
      try await eventually("nothing moves", every: .milliseconds(300)) {
        let now = try await work(mesh)
        defer { last = now }
        return now == last
      }
    }
  }
}
