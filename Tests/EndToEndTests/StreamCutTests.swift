import DiscoveryServer
import Foundation
import Testing
import XDSProtocol

extension EndToEnd {
  /// Streams that end at bad moments, seen by a real Envoy.
  @Suite(.serialized)
  struct StreamCutTests {
    /// Clusters that every edit replaces.
    private static let names = (0..<3).map { "s\($0)" }

    @Test(.timeLimit(.minutes(5)))
    func `A stream cut at every message of many cluster edits leaves nothing warming`()
      async throws
    {
      let edits =
        ProcessInfo.processInfo.environment["SKEIN_CLUSTER_EDITS"].flatMap { Int($0) } ?? 1000
      try await HandFedEnvoy.run { envoy in
        try Self.put(edit: 0, envoy)
        try await eventually("the first clusters are there") {
          try await Self.isSettled(edit: 0, envoy)
        }
        let start = ContinuousClock.now
        var slowest = Duration.zero
        for edit in 1...edits {
          // An edit takes up to six messages and a new stream up to nine, so that every one of them
          // is at some time the last; each tenth edit is cut but once.
          let second = edit / 6 % 10
          envoy.relay.cut(after: [edit % 6 + 1] + (second > 0 ? [second] : []))
          let begin = ContinuousClock.now
          try Self.put(edit: edit, envoy)
          try await eventually(
            "nothing warms after edit \(edit)", within: .seconds(8), every: .milliseconds(2)
          ) {
            try await Self.isSettled(edit: edit, envoy)
          }
          slowest = max(slowest, ContinuousClock.now - begin)
        }
        let cuts = envoy.relay.cuts
        print(
          "\(edits) cluster edits in \(ContinuousClock.now - start), the slowest in \(slowest);",
          "\(cuts.values.reduce(0, +)) streams cut after:")
        for (boundary, count) in cuts.sorted(by: { $0.key < $1.key }) {
          print("  \(boundary): \(count)")
        }
        #expect(cuts.values.reduce(0, +) > edits)
        for boundary in Self.boundaries {
          #expect(cuts[boundary, default: 0] > 0, "never cut after \(boundary)")
        }
        envoy.relay.cut(after: [])
        envoy.discovery.remove(.cluster, Self.added(until: edits))
        try await eventually("the added clusters are gone") {
          try await envoy.statistic("cluster_manager.active_clusters") == Self.names.count + 1
        }
        #expect(try await envoy.statistic("cluster_manager.warming_clusters") == 0)
      }
    }

    /// Every message that an edit or a new stream causes.
    private static var boundaries: [InterruptingRelay.Boundary] {
      let edit = ["cds response", "cds ack", "eds request", "eds response", "eds ack"]
      let resuming = ["cds", "eds", "lds"].flatMap {
        ["\($0) request", "\($0) response", "\($0) ack"]
      }
      return edit.map { .init(message: $0, isResuming: false) }
        + resuming.map { .init(message: $0, isResuming: true) }
    }

    /// The clusters that edits have added: every seventh edit adds one.
    private static func added(until edit: Int) -> [String] {
      stride(from: 7, through: edit, by: 7).map { "added-\($0)" }
    }

    private static func put(edit: Int, _ envoy: HandFedEnvoy) throws {
      let added = edit % 7 == 0 ? added(until: edit).suffix(1) : []
      envoy.discovery.put(
        try (names + added).flatMap {
          try HandMade.cluster($0, timeout: Int64(edit + 1), version: "\(edit)")
        })
    }

    /// Whether all sides agree that Envoy uses what the edit made.
    private static func isSettled(edit: Int, _ envoy: HandFedEnvoy) async throws -> Bool {
      let streams = envoy.service.streams.entries
      guard streams.count == 1,
        let clusters = try await streams[0].status().get().first(where: { $0.type == .cluster }),
        clusters.state == .synced, clusters.wanted == clusters.acknowledged,
        try await envoy.statistic("cluster_manager.warming_clusters") == 0
      else { return false }
      let newest = edit % 7 == 0 ? names + added(until: edit).suffix(1) : names
      let dump = try await envoy.adminPage(
        "config_dump?resource=dynamic_active_clusters&name_regex="
          + "^(\(newest.joined(separator: "|")))$".percentEncoded)
      return newest.allSatisfy { dump.contains("\"alt_stat_name\": \"\($0)-\(edit)\"") }
    }
  }
}

extension String {
  /// As a value of a query (RFC 3986 §3.4).
  fileprivate var percentEncoded: String {
    addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? self
  }
}
