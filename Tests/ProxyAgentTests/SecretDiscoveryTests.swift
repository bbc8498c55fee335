import CertificateAuthority
import DiscoveryAPI
import GRPCTransport
import NIOCore
import NIOHPACK
import OpenSSLCrypto
import ProxyAgent
import SwiftProtobuf
import Synchronization
import Testing

@Suite struct SecretDiscoveryTests {
  static let service = "envoy.service.secret.v3.SecretDiscoveryService"
  static let typeURL = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"

  @Test func `The agent gets a certificate with its token and renews it with the certificate`()
    async throws
  {
    let controlPlane = try await TestControlPlane()
    var configuration = try controlPlane.configuration()
    configuration.certificateLifetime = 4
    configuration.statusPort = 0
    try await withAgent(configuration) { agent in
      await expectEventually { agent.secrets.current?.number == 1 }
      let first = try #require(agent.secrets.current)
      #expect(first.leaf.uris == ["spiffe://cluster.local/ns/default/sa/a"])
      #expect(first.rootsPEM == controlPlane.authority.rootsPEM)
      // Without its token, the agent has only its certificate to renew with.
      try PrivateFile.write([], to: "\(controlPlane.directory)/token")
      await expectEventually { agent.secrets.current?.number ?? 0 >= 2 }
      #expect(agent.secrets.current?.leaf != first.leaf)
    }
    await controlPlane.end()
  }

  @Test func `Both dialects push secrets when they come and when they change`() async throws {
    let controlPlane = try await TestControlPlane()
    var configuration = try controlPlane.configuration()
    configuration.certificateLifetime = 4
    configuration.statusPort = 0
    try await withAgent(configuration) { agent in
      let path = configuration.secretSocketPath
      await expectEventually {
        (try? await GRPCClientConnection.connect(to: .unixSocket(path: path)).close()) != nil
      }
      let connection = try await GRPCClientConnection.connect(to: .unixSocket(path: path))
      let delta = SecretCollector(isDelta: true)
      let whole = SecretCollector(isDelta: false)
      try await delta.subscribe(connection, method: "DeltaSecrets", names: ["default", "ROOTCA"])
      try await whole.subscribe(connection, method: "StreamSecrets", names: ["default"])
      for collector in [delta, whole] {
        await expectEventually { collector.secrets.filter { $0.name == "default" }.count >= 2 }
        let certificates = collector.secrets.filter { $0.name == "default" }
        #expect(certificates[0] != certificates[1])
        let chain = certificates[0].tlsCertificate.certificateChain.inlineBytes
        let key = certificates[0].tlsCertificate.privateKey.inlineBytes
        let leaf = try #require(
          try Certificate.parse(pem: String(decoding: chain, as: UTF8.self)).first)
        let publicKey = try PrivateKey(pem: String(decoding: key, as: UTF8.self)).publicKey()
        #expect(leaf.publicKey == publicKey)
      }
      let root = try #require(delta.secrets.first { $0.name == "ROOTCA" })
      let rootsPEM = controlPlane.authority.rootsPEM
      #expect(
        String(decoding: root.validationContext.trustedCa.inlineBytes, as: UTF8.self) == rootsPEM)
      #expect(!whole.secrets.contains { $0.name == "ROOTCA" })
      await connection.close()
    }
    await controlPlane.end()
  }

  final class SecretCollector: GRPCClientCallHandler, Sendable {
    typealias Secret = Envoy_Extensions_TransportSockets_Tls_V3_Secret
    private let received = Mutex<[Secret]>([])
    private let isDelta: Bool

    init(isDelta: Bool) { self.isDelta = isDelta }

    var secrets: [Secret] { received.withLock { $0 } }

    func subscribe(
      _ connection: GRPCClientConnection, method: String, names: [String]
    ) async throws {
      let path = GRPCMethodPath(service: SecretDiscoveryTests.service, method: method)
      let call = try await connection.openCall(path) { _ in self }.get()
      let bytes: [UInt8]
      if isDelta {
        var request = Envoy_Service_Discovery_V3_DeltaDiscoveryRequest()
        request.typeURL = SecretDiscoveryTests.typeURL
        request.resourceNamesSubscribe = names
        bytes = try request.serializedBytes()
      } else {
        var request = Envoy_Service_Discovery_V3_DiscoveryRequest()
        request.typeURL = SecretDiscoveryTests.typeURL
        request.resourceNames = names
        bytes = try request.serializedBytes()
      }
      call.send([ByteBuffer(bytes: bytes)])
    }

    func messageReceived(_ message: ByteBuffer) {
      let bytes = Array(message.readableBytesView)
      let resources: [Google_Protobuf_Any]
      if isDelta {
        let response = try? Envoy_Service_Discovery_V3_DeltaDiscoveryResponse(
          serializedBytes: bytes)
        resources = response?.resources.map(\.resource) ?? []
      } else {
        let response = try? Envoy_Service_Discovery_V3_DiscoveryResponse(serializedBytes: bytes)
        resources = response?.resources ?? []
      }
      for resource in resources {
        if let secret = try? Secret(serializedBytes: resource.value) {
          received.withLock { $0.append(secret) }
        }
      }
    }

    func closed(_ status: GRPCStatus, trailers: HPACKHeaders) {}
  }
}
