import DiscoveryAPI
import Foundation
import GRPCTransport
import OpenSSLCrypto
import ProxyAgent
import SwiftProtobuf
import Synchronization
import Testing

@Suite(.serialized, .enabled(if: envoyPath != nil, "SKEIN_ENVOY names no Envoy"))
struct EnvoyTests {
  enum Variant: CaseIterable {
    case sidecar
    case router
    case address
  }

  @Test(arguments: Variant.allCases)
  func `Envoy accepts the bootstrap`(variant: Variant) async throws {
    let controlPlane = try await TestControlPlane()
    var configuration = try controlPlane.configuration()
    switch variant {
    case .sidecar: break
    case .router:
      configuration.type = .router
      configuration.xds = .stateOfTheWorld
      configuration.prometheusPort = 15_090
      configuration.readinessListenerPort = 15_022
      configuration.discoveryAddress = .hostPort(host: "istiod.istio-system.svc", port: 15_012)
      configuration.tlsServerName = nil
      configuration.locality = "region/zone/subzone"
      configuration.metadata = [("QUOTED", "a \"b\" \\ \n")]
      configuration.keepsAllStatistics = true
    case .address:
      configuration.discoveryAddress = .hostPort(host: "::1", port: 15_012)
      configuration.ipAddress = "fd00::7"
      configuration.prometheusPort = 15_090
      configuration.readinessListenerPort = 15_022
      configuration.tlsServerName = nil
    }
    let bootstrap = EnvoyBootstrap(configuration).json
    // The kubelet asks at the pod's own address.
    #expect(bootstrap.contains(#""ipv4_compat":true"#) == (variant == .address))
    _ = try JSONSerialization.jsonObject(with: Data(bootstrap.utf8))
    let path = "\(controlPlane.directory)/bootstrap.json"
    try PrivateFile.write(Array(bootstrap.utf8), to: path)
    let process = Process()
    process.executableURL = URL(filePath: envoyPath ?? "")
    process.arguments = ["--mode", "validate", "-c", path, "--log-level", "warning"]
    let errors = Pipe()
    process.standardError = errors
    process.standardOutput = Pipe()
    try process.run()
    let text = try errors.fileHandleForReading.readToEnd().map {
      String(decoding: $0, as: UTF8.self)
    }
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(text ?? "")")
    #expect(text ?? "" == "")
    await controlPlane.end()
  }

  @Test(arguments: AgentConfiguration.XDSVariant.allCases)
  func `Envoy joins with its identity, becomes ready, and takes a renewed certificate`(
    xds: AgentConfiguration.XDSVariant
  ) async throws {
    let controlPlane = try await TestControlPlane()
    var configuration = try controlPlane.configuration()
    configuration.certificateLifetime = 6
    configuration.xds = xds
    let admin = EnvoyAdmin(port: configuration.adminPort)
    let status = EnvoyAdmin(port: configuration.statusPort)
    try await withAgent(configuration) { agent in
      await expectEventually { (try? await status.get("/healthz/ready").status) == 200 }
      let peer = try #require(controlPlane.discovery.peers.withLock { $0.first })
      let leaf = try #require(try peer.certificateChainDER.first.map { try Certificate(der: $0) })
      #expect(leaf.uris == ["spiffe://cluster.local/ns/default/sa/a"])
      let node = try #require(controlPlane.discovery.nodes.withLock { $0.first })
      #expect(node.id == "sidecar~10.0.0.7~a-1.default~default.svc.cluster.local")
      #expect(node.cluster == "a.default")
      #expect(node.metadata.fields["NAMESPACE"]?.stringValue == "default")
      #expect(node.metadata.fields["LABELS"]?.structValue.fields["version"]?.stringValue == "v1")
      #expect(node.metadata.fields["ISTIO_VERSION"] == nil)

      let number = agent.secrets.current?.number ?? 0
      await expectEventually { agent.secrets.current?.number ?? 0 > number }
      await expectEventually {
        let serial = agent.secrets.current?.leaf.serialNumber.map { byte in
          (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
        let answer = try? await admin.get("/certs")
        return serial.flatMap { answer?.body.contains($0) } ?? false
      }
      let metrics = try await status.get("/stats/prometheus")
      #expect(metrics.body.contains("envoy_server_live"))
    }
    await #expect(throws: (any Error).self) { try await admin.get("/ready") }
    await controlPlane.end()
  }

  @Test func `An Envoy that dies is started again`() async throws {
    let controlPlane = try await TestControlPlane()
    let configuration = try controlPlane.configuration()
    let admin = EnvoyAdmin(port: configuration.adminPort)
    try await withAgent(configuration) { _ in
      await expectEventually { await admin.isReady() }
      _ = try? await admin.post("/quitquitquit")
      await expectEventually { controlPlane.discovery.peers.withLock { $0.count } >= 2 }
      await expectEventually { await admin.isReady() }
    }
    await controlPlane.end()
  }
}
