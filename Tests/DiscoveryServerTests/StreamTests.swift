import DiscoveryAPI
import DiscoveryServer
import GRPCTransport
import SwiftProtobuf
import Testing
import XDSProtocol

/// Streams over real sockets: what is answered, and how bad peers end.
struct StreamTests {
  private func request(
    _ type: ResourceType, names: [String] = [], node: Envoy_Config_Core_V3_Node? = nil,
    nonce: String = ""
  ) -> Envoy_Service_Discovery_V3_DiscoveryRequest {
    var request = Envoy_Service_Discovery_V3_DiscoveryRequest()
    request.typeURL = type.typeURL
    request.resourceNames = names
    request.responseNonce = nonce
    if let node { request.node = node }
    return request
  }

  @Test("A state-of-the-world client gets its clusters, acknowledges them, and gets a change")
  func stateOfTheWorld() async throws {
    try await RunningServer.with { server in
      let client = try await DiscoveryClient(server.plaintext, DiscoveryService.stateOfTheWorld)
      try client.send(request(.cluster, node: DiscoveryClient.node()))
      let first = try await client.response()
      #expect(first.typeURL == ResourceType.cluster.typeURL)
      #expect(first.resources.count == 4, "web, black hole, both passthrough clusters")
      try client.send(request(.cluster, nonce: first.nonce))
      try server.apply(
        RunningServer.service.split(separator: "web").joined(separator: "second"))
      let second = try await client.response()
      #expect(second.resources.count == 5)
      #expect(second.versionInfo != first.versionInfo)
      #expect(second.nonce != first.nonce)
      await client.connection.close()
    }
  }

  @Test("An incremental client gets names, versions and only what changes")
  func delta() async throws {
    try await RunningServer.with { server in
      let client = try await DiscoveryClient(server.plaintext, DiscoveryService.delta)
      var request = Envoy_Service_Discovery_V3_DeltaDiscoveryRequest()
      request.typeURL = ResourceType.cluster.typeURL
      request.node = DiscoveryClient.node()
      try client.send(request)
      let first = try await client.deltaResponse()
      #expect(first.resources.allSatisfy { $0.version.utf8.count == 16 && !$0.name.isEmpty })
      var ack = Envoy_Service_Discovery_V3_DeltaDiscoveryRequest()
      ack.typeURL = request.typeURL
      ack.responseNonce = first.nonce
      try client.send(ack)
      try server.apply(
        RunningServer.service.split(separator: "web").joined(separator: "second"))
      let second = try await client.deltaResponse()
      #expect(
        second.resources.map(\.name) == ["outbound|80||second.default.svc.cluster.local"])
      await client.connection.close()
    }
  }

  @Test("A first request without a node, or with a bad one, is an invalid argument")
  func badNode() async throws {
    try await RunningServer.with { server in
      for node in [nil, DiscoveryClient.node("nonsense"), DiscoveryClient.node("")] {
        let client = try await DiscoveryClient(server.plaintext, DiscoveryService.stateOfTheWorld)
        try client.send(request(.cluster, node: node))
        #expect(try await client.status().code == .invalidArgument)
        await client.connection.close()
      }
    }
  }

  @Test("Bytes that are no request end the stream; the server goes on")
  func garbage() async throws {
    try await RunningServer.with { server in
      for bytes in [[0xFF], Array(repeating: 0xFF, count: 10_000), [0x0A, 0x7F]] as [[UInt8]] {
        for path in [DiscoveryService.stateOfTheWorld, DiscoveryService.delta] {
          let client = try await DiscoveryClient(server.plaintext, path)
          client.send(bytes: bytes)
          #expect(try await client.status().code == .invalidArgument)
          await client.connection.close()
        }
      }
      let client = try await DiscoveryClient(server.plaintext, DiscoveryService.stateOfTheWorld)
      try client.send(request(.cluster, node: DiscoveryClient.node()))
      #expect(try await !client.response().resources.isEmpty)
      await client.connection.close()
    }
  }

  @Test("A request of more than four megabytes is too large for a plaintext stream")
  func tooLarge() async throws {
    try await RunningServer.with { server in
      let client = try await DiscoveryClient(server.plaintext, DiscoveryService.stateOfTheWorld)
      client.send(bytes: Array(repeating: 0, count: (4 << 20) + 1))
      #expect(try await client.status().code == .resourceExhausted)
      await client.connection.close()
    }
  }

  @Test("Unknown types and old nonces are counted and answered with silence")
  func silence() async throws {
    try await RunningServer.with { server in
      let client = try await DiscoveryClient(server.plaintext, DiscoveryService.stateOfTheWorld)
      var unknown = request(.cluster, node: DiscoveryClient.node())
      unknown.typeURL = "type.googleapis.com/no.such.Type"
      try client.send(unknown)
      try client.send(request(.cluster))
      let clusters = try await client.response()
      try client.send(request(.cluster, nonce: "an old one"))
      try client.send(request(.cluster, nonce: clusters.nonce))
      try client.send(request(.listener))
      let listeners = try await client.response()
      #expect(clusters.typeURL == ResourceType.cluster.typeURL)
      #expect(listeners.typeURL == ResourceType.listener.typeURL)
      #expect(server.service.metrics.unknownTypes == 1)
      #expect(server.service.metrics[.cluster].staleNonces == 1)
      await client.connection.close()
    }
  }

  @Test("Before the configuration is complete every stream is told to come back")
  func notReady() async throws {
    try await RunningServer.with(ready: false) { server in
      let client = try await DiscoveryClient(server.plaintext, DiscoveryService.delta)
      #expect(try await client.status().code == .unavailable)
      await client.connection.close()
    }
  }

  @Test("An encrypted stream without a credential is unauthenticated")
  func unauthenticated() async throws {
    try await RunningServer.with { server in
      let client = try await DiscoveryClient(
        server.secure, DiscoveryService.delta, tls: server.tls)
      #expect(try await client.status().code == .unauthenticated)
      await client.connection.close()
    }
  }

  @Test(
    "A token serves its own namespace and service account only",
    arguments: [
      (["NAMESPACE": "default", "SERVICE_ACCOUNT": "web"], nil),
      (["NAMESPACE": "default"], nil),
      (["NAMESPACE": "other"], GRPCStatus.Code.permissionDenied),
      (["NAMESPACE": "default", "SERVICE_ACCOUNT": "admin"], .permissionDenied),
    ] as [([String: String], GRPCStatus.Code?)])
  func identity(metadata: [String: String], refusal: GRPCStatus.Code?) async throws {
    try await RunningServer.with { server in
      let client = try await DiscoveryClient(
        server.secure, DiscoveryService.stateOfTheWorld, tls: server.tls, token: server.token)
      try client.send(request(.cluster, node: DiscoveryClient.node(metadata: metadata)))
      if let refusal {
        #expect(try await client.status().code == refusal)
      } else {
        #expect(try await !client.response().resources.isEmpty)
      }
      await client.connection.close()
    }
  }

  @Test("A stream that ends is forgotten, and its views with it when something changes")
  func forgotten() async throws {
    try await RunningServer.with { server in
      let client = try await DiscoveryClient(server.plaintext, DiscoveryService.stateOfTheWorld)
      try client.send(request(.cluster, node: DiscoveryClient.node()))
      _ = try await client.response()
      #expect(server.service.streams.count == 1)
      await client.connection.close()
      let deadline = ContinuousClock.now + .seconds(60)
      while server.service.streams.count > 0, ContinuousClock.now < deadline {
        await Task.yield()
      }
      #expect(server.service.streams.count == 0)
      try server.apply(
        RunningServer.service.split(separator: "web").joined(separator: "second"))
      #expect(server.translation.viewCount == 0)
    }
  }
}
