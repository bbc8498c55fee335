internal import Benchmark
internal import BenchmarkMeshes
internal import CertificateAuthority
internal import DiscoveryAPI
internal import DiscoveryServer
internal import EnvoyTranslation
internal import GRPCTransport
internal import MeshTesting
internal import NIOCore
internal import NIOHPACK
internal import SwiftProtobuf
internal import WorkloadAuthentication

/// The discovery server itself, over a socket in this process: a stream is opened, asks for clusters,
/// and reads the response that the server assembled from resources that it has.
enum StreamBenchmarks {
  static func register() {
    Benchmark(
      "discovery: clusters of a new stream over gRPC, 1,000 services",
      configuration: Settings.timed(counting: [Settings.bytes]),
      closure: { (benchmark: Benchmark, server: LoopbackDiscovery) async throws in
        let bytes = try await server.firstClusters()
        benchmark.measurement(Settings.bytes, bytes)
      },
      setup: { try await LoopbackDiscovery(services: 1000) })
  }
}

/// A discovery server on loopback with a client connected to it.
private final class LoopbackDiscovery: Sendable {
  private let server: GRPCServer
  private let connection: GRPCClientConnection
  private let request: ByteBuffer

  init(services: Int) async throws {
    let pipeline = try MeshPipeline(KubernetesMesh(services: services))
    let loopback = try LoopbackAuthority()
    let verifier = loopback.authority.verifier
    let service = DiscoveryService(
      discovery: pipeline.translation,
      authenticator: WorkloadAuthenticator(
        trustDomain: "cluster.local", verifier: { verifier }, tokens: [], clock: { 1_790_000_000 }),
      isReady: { true }, logger: Settings.quiet)
    server = GRPCServer(
      addresses: [.hostPort(host: "127.0.0.1", port: 0)], services: [service],
      logger: Settings.quiet)
    guard let address = try await server.bind().first else {
      throw GRPCStatus(.unavailable, "the server has no address")
    }
    connection = try await GRPCClientConnection.connect(to: address)
    var message = Envoy_Service_Discovery_V3_DeltaDiscoveryRequest()
    message.node.id = "sidecar~10.44.0.99~client.ns-1~ns-1.svc.cluster.local"
    message.node.metadata.fields["NAMESPACE"] = Google_Protobuf_Value(stringValue: "ns-1")
    message.typeURL = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
    request = ByteBuffer(bytes: try message.serializedBytes() as [UInt8])
  }

  /// Opens a stream, reads its first response, ends the stream; answers the response's bytes.
  func firstClusters() async throws -> Int {
    let promise = connection.eventLoop.makePromise(of: Int.self)
    let call = try await connection.openCall(DiscoveryService.delta) { call in
      FirstMessage(call, promise)
    }.get()
    call.send([request])
    return try await promise.futureResult.get()
  }
}

/// Ends its call after the first message. (The server takes a client that resets streams for hostile.)
private final class FirstMessage: GRPCClientCallHandler {
  private let call: GRPCClientCall
  private let promise: EventLoopPromise<Int>
  private var size = 0

  init(_ call: GRPCClientCall, _ promise: EventLoopPromise<Int>) {
    self.call = call
    self.promise = promise
  }

  func messageReceived(_ message: ByteBuffer) {
    size = message.readableBytes
    call.halfClose()
  }

  func closed(_ status: GRPCStatus, trailers: HPACKHeaders) {
    if status.code == .ok { promise.succeed(size) } else { promise.fail(status) }
  }
}
