import CertificateAuthority
import CertificateServer
import DiscoveryAPI
import Foundation
import GRPCTransport
import Logging
import MeshTesting
import NIOCore
import NIOPosix
import OpenSSLCrypto
import ProxyAgent
import ServiceLifecycle
import SwiftProtobuf
import Synchronization
import Testing
import WorkloadAuthentication

/// The Envoy to test with: `SKEIN_ENVOY`, else `.tools/envoy` of the package.
let envoyPath: String? = {
  if let path = ProcessInfo.processInfo.environment["SKEIN_ENVOY"] { return path }
  let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  let path = root.appending(path: ".tools/envoy").path()
  return FileManager.default.isExecutableFile(atPath: path) ? path : nil
}()

/// A control plane that issues certificates and answers discovery with nothing.
final class TestControlPlane: Sendable {
  let address: GRPCAddress
  let authority: CertificateAuthority
  let directory: String
  let discovery: EmptyDiscovery
  let server: GRPCServer

  init(authenticates: Bool = true) async throws {
    directory = "/tmp/skein-agent-\(UInt64.random(in: 0...UInt64.max))"
    try PrivateFile.makeDirectory("\(directory)/agent")
    let material = try AuthorityFiles(directory: directory).loadOrCreate(
      trustDomain: "cluster.local")
    let authority = try CertificateAuthority(slots: SigningSlots(current: material))
    let tokens = try JoinTokens(
      path: "\(directory)/tokens.db", clock: CertificateAuthority.systemClock)
    let authenticator = WorkloadAuthenticator(
      trustDomain: "cluster.local", verifier: { authority.verifier }, tokens: [tokens],
      clock: CertificateAuthority.systemClock)
    let (issued, key) = try authority.issueServerCertificate(
      names: [.dns("istiod.istio-system.svc")], lifetime: 3600)
    let tls = try GRPCServerTLS(certificateChainPEM: issued.chainPEM, privateKeyPEM: key) {
      authenticator.accepts(chainDER: $0)
    }
    discovery = EmptyDiscovery()
    server = GRPCServer(
      addresses: [.hostPort(host: "127.0.0.1", port: 0)], tls: tls,
      services: [
        CertificateService(authority: authority, authenticator: authenticator), discovery,
      ])
    address = try #require(try await server.bind().first)
    self.authority = authority
    let token = try await tokens.create(
      for: TokenHolder(namespace: "default", serviceAccount: "a"), lifetime: 100)
    try PrivateFile.write(Array((token + "\n").utf8), to: "\(directory)/token")
  }

  func configuration() throws -> AgentConfiguration {
    var result = AgentConfiguration(
      ipAddress: "10.0.0.7", name: "a-1", namespace: "default", serviceAccount: "a",
      discoveryAddress: address, rootCertificateFile: "\(directory)/root-cert.pem",
      envoyPath: envoyPath ?? "/nonexistent", directory: "\(directory)/agent")
    result.tlsServerName = "istiod.istio-system.svc"
    result.tokenFile = "\(directory)/token"
    result.labels = [("app", "a"), ("version", "v1")]
    result.interceptionMode = .none
    result.prometheusPort = 0
    result.adminPort = try FreePort.next()
    result.statusPort = try FreePort.next()
    result.drainDuration = .seconds(1)
    return result
  }

  func end() async {
    await server.shutdown()
    try? FileManager.default.removeItem(atPath: directory)
  }
}

/// Answers every type of an ADS stream once, without resources.
final class EmptyDiscovery: GRPCService {
  static let service = "envoy.service.discovery.v3.AggregatedDiscoveryService"

  let paths = [
    GRPCMethodPath(service: EmptyDiscovery.service, method: "DeltaAggregatedResources"),
    GRPCMethodPath(service: EmptyDiscovery.service, method: "StreamAggregatedResources"),
  ]
  let peers = Mutex<[GRPCPeer]>([])
  let nodes = Mutex<[Envoy_Config_Core_V3_Node]>([])

  func accept(_ call: GRPCServerCall) -> GRPCAdmission {
    peers.withLock { $0.append(call.peer) }
    return .accept(
      EmptyStream(
        call: call, isDelta: call.path.description.hasSuffix("DeltaAggregatedResources"),
        discovery: self),
      maximumMessageSize: 4_194_304)
  }

  final class EmptyStream: GRPCCallHandler {
    let call: GRPCServerCall
    let isDelta: Bool
    let discovery: EmptyDiscovery
    var answered: Set<String> = []

    init(call: GRPCServerCall, isDelta: Bool, discovery: EmptyDiscovery) {
      self.call = call
      self.isDelta = isDelta
      self.discovery = discovery
    }

    func messageReceived(_ message: ByteBuffer) {
      let bytes = Array(message.readableBytesView)
      if isDelta {
        guard
          let request = try? Envoy_Service_Discovery_V3_DeltaDiscoveryRequest(
            serializedBytes: bytes)
        else { return }
        note(request.node)
        guard answered.insert(request.typeURL).inserted else { return }
        var response = Envoy_Service_Discovery_V3_DeltaDiscoveryResponse()
        response.typeURL = request.typeURL
        response.nonce = "1"
        send(response)
      } else {
        guard let request = try? Envoy_Service_Discovery_V3_DiscoveryRequest(serializedBytes: bytes)
        else { return }
        note(request.node)
        guard answered.insert(request.typeURL).inserted else { return }
        var response = Envoy_Service_Discovery_V3_DiscoveryResponse()
        response.typeURL = request.typeURL
        response.versionInfo = "1"
        response.nonce = "1"
        send(response)
      }
    }

    func halfClosed() { call.finish(.ok) }
    func closed(_ reason: GRPCCloseReason) {}

    private func note(_ node: Envoy_Config_Core_V3_Node) {
      if !node.id.isEmpty {
        discovery.nodes.withLock { $0.append(node) }
      }
    }

    private func send(_ message: some SwiftProtobuf.Message) {
      guard let bytes: [UInt8] = try? message.serializedBytes() else { return }
      call.send([ByteBuffer(bytes: bytes)])
    }
  }
}

/// Runs an agent for the duration of `body` and stops it gracefully.
func withAgent(
  _ configuration: AgentConfiguration, _ body: (ProxyAgent) async throws -> Void
) async throws {
  var logger = Logger(label: "test")
  logger.logLevel = .error
  let agent = ProxyAgent(
    configuration: configuration, clock: CertificateAuthority.systemClock, logger: logger)
  try agent.prepare()
  let group = ServiceGroup(services: agent.services, logger: logger)
  try await withThrowingTaskGroup(of: Void.self) { tasks in
    tasks.addTask { try await group.run() }
    do {
      try await body(agent)
    } catch {
      await group.triggerGracefulShutdown()
      throw error
    }
    await group.triggerGracefulShutdown()
    try await tasks.waitForAll()
  }
}

/// Fails the test when a condition does not come to hold within twenty seconds.
func expectEventually(
  sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async -> Bool
) async {
  let loop = MultiThreadedEventLoopGroup.singleton.next()
  let deadline = ContinuousClock.now + .seconds(20)
  var held = await condition()
  while !held, ContinuousClock.now < deadline {
    _ = try? await loop.scheduleTask(in: .milliseconds(20)) {}.futureResult.get()
    held = await condition()
  }
  #expect(held, sourceLocation: sourceLocation)
}
