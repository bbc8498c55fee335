import DiscoveryServer
import Foundation
import MeshTesting
import StreamingJSON
import Testing
import XDSProtocol

extension EndToEnd {
  /// What a real Envoy refuses.
  @Suite(.serialized)
  struct DiscoveryFaultTests {
    @Test(.timeLimit(.minutes(1)))
    func `One bad cluster, listener and route hold up nothing and keep their last good version`()
      async throws
    {
      try await HandFedEnvoy.run { envoy in
        let names = (0..<8).map { "service-\($0)" }
        let ports = try names.map { _ in try FreePort.next() }
        func put(version: String, bad: Int? = nil) throws {
          var resources: [EncodedResource] = []
          for (index, name) in names.enumerated() {
            let isBad = index == bad
            resources += try HandMade.cluster(name, timeout: isBad ? -1 : 1, version: version)
            resources.append(
              try HandMade.listener(
                name, address: isBad ? "no address" : "127.0.0.1", port: ports[index],
                version: version))
            resources.append(
              try HandMade.route(
                "route-\(name)", domains: isBad ? ["a", "a"] : ["*"], version: version))
          }
          envoy.discovery.put(resources)
        }
        try put(version: "v1")
        try await eventually("everything is taken") {
          let held = try await versions(envoy)
          return held.count == 24 && held.values.allSatisfy { $0 == Set(["v1"]) }
        }
        try put(version: "v2", bad: 5)
        try await eventually("all but the bad ones are taken") {
          let held = try await versions(envoy)
          return held.count == 24
            && held.allSatisfy { name, versions in
              versions == Set([name.hasSuffix("service-5") ? "v1" : "v2"])
            }
        }
        try await eventually("the offenders are named") {
          Set(envoy.service.streams.rejections.map { "\($0.rejection.type) \($0.rejection.name)" })
            == ["cluster service-5", "listener service-5", "route route-service-5"]
        }
        let status = try await envoy.service.streams.entries.first?.status().get() ?? []
        let refused = status.flatMap(\.rejections).map(\.sources)
        #expect(refused.count == 3)
        #expect(refused.allSatisfy { $0 == ["test/service-5"] || $0 == ["test/route-service-5"] })

        try put(version: "v3")
        try await eventually("the repaired ones are taken") {
          try await versions(envoy).values.allSatisfy { $0 == Set(["v3"]) }
        }
      }
    }

    /// The versions under which Envoy holds each resource, by kind and name.
    private func versions(_ envoy: HandFedEnvoy) async throws -> [String: Set<String>] {
      let dump = try JSONValue(parsing: Array(try await envoy.adminPage("config_dump").utf8))
      var found: [String: Set<String>] = [:]
      func note(_ kind: String, _ holder: JSONValue?, _ name: String?) {
        guard let name, let version = holder?["version_info"]?.stringValue else { return }
        found["\(kind) \(name)", default: []].insert(version)
      }
      for section in dump["configs"]?.arrayValue ?? [] {
        for cluster in section["dynamic_active_clusters"]?.arrayValue ?? [] {
          note("cluster", cluster, cluster[path: ["cluster", "name"]]?.stringValue)
        }
        for listener in section["dynamic_listeners"]?.arrayValue ?? [] {
          // An update of filter chains alone keeps the version that Envoy shows, so its content tells.
          let name = listener["name"]?.stringValue ?? ""
          let text = String(
            decoding: (listener["active_state"] ?? .null).serialized(), as: UTF8.self)
          for version in ["v1", "v2", "v3"] where text.contains("\"\(name)-\(version)\"") {
            found["listener \(name)", default: []].insert(version)
          }
        }
        for route in section["dynamic_route_configs"]?.arrayValue ?? [] {
          note("route", route, route[path: ["route_config", "name"]]?.stringValue)
        }
      }
      return found
    }
  }
}
