import AsyncHTTPClient
import CertificateAuthority
import Foundation
import MeshTesting
import NIOSSL
import OpenSSLCrypto
import StreamingJSON
import Testing

extension EndToEnd {
  /// Who may speak with a workload, and whom it sees.
  @Suite(
    .serialized,
    .mesh(
      [.init("client", app: "client"), .init("server", app: "server")],
      certificateLifetime: "60s"))
  struct MutualTLSTests {
    let mesh: RunningMesh
    static let client = "spiffe://cluster.local/ns/default/sa/client"

    init() throws {
      mesh = try #require(RunningMesh.current)
    }

    @Test(.timeLimit(.minutes(1)))
    func `PERMISSIVE takes plaintext and mTLS, and the server sees who calls`() async throws {
      let (client, server) = (try mesh["client"], try mesh["server"])
      try await setMode("PERMISSIVE")
      try await eventually("plaintext is taken") {
        try await mesh.get(server.inboundURL).status == 200
      }
      try await eventually("the mesh answers") { try await client.ask("server").status == 200 }
      let answer = try await client.ask("server")
      #expect(answer.clientCertificate.contains("URI=\(Self.client)"), "\(answer)")
      let plain = try await mesh.get(server.inboundURL)
      #expect(plain.status == 200)
      #expect(!plain.body.contains("spiffe://"))
    }

    @Test(.timeLimit(.minutes(1)))
    func `STRICT resets plaintext and takes only certificates of the mesh's root`() async throws {
      let (client, server) = (try mesh["client"], try mesh["server"])
      try await setMode("STRICT")
      try await eventually("plaintext is refused") {
        do {
          _ = try await mesh.get(server.inboundURL)
          return false
        } catch {
          return true
        }
      }
      let answer = try await client.ask("server")
      #expect(answer.status == 200)
      #expect(answer.clientCertificate.contains("URI=\(Self.client)"))

      let own = try await ask(server, rootOf: mesh.directory + "/data/ca")
      #expect(own == 200, "a certificate of the mesh's root")
      let other = ChildProgram.temporaryPath("ca")
      try PrivateFile.makeDirectory(other)
      defer { try? FileManager.default.removeItem(atPath: other) }
      await #expect(throws: (any Error).self, "a certificate of another root") {
        try await ask(server, rootOf: other)
      }
      #expect(try await client.ask("server").status == 200)
    }

    @Test(.timeLimit(.minutes(3)))
    func `Certificates of 60 s are renewed under load and no request fails`() async throws {
      let (client, server) = (try mesh["client"], try mesh["server"])
      try await setMode("STRICT")
      try renewConnections()
      try await eventually("the mesh answers") { try await client.ask("server").status == 200 }
      let load = try await client.underLoad("server", concurrency: 2) {
        var seen: [String: Set<String>] = [:]
        try await eventually("two renewals each", within: .seconds(100), every: .milliseconds(250))
        {
          for workload in [client, server] {
            seen[workload.description.name, default: []].insert(
              try await self.serialNumber(workload))
          }
          return seen.values.allSatisfy { $0.count > 2 }
        }
      }
      print("renewal under load: \(load.total) requests, \(load.failures) failed")
      #expect(load.failures == 0, "\(load)")
    }

    @Test(.timeLimit(.minutes(2)))
    func `A change of the mode costs no more than what a closed connection carried`() async throws {
      let (client, server) = (try mesh["client"], try mesh["server"])
      try renewConnections()
      try await setMode("STRICT")
      try await eventually("the mesh answers") { try await client.ask("server").status == 200 }
      let load = try await client.underLoad("server", concurrency: 4) {
        for mode in ["DISABLE", "STRICT", "PERMISSIVE", "DISABLE", "STRICT", "DISABLE"] {
          try await setMode(mode)
          try await eventually("\(mode) is in force", within: .seconds(20)) {
            let taken = await self.takes(server)
            return taken == (plaintext: mode != "STRICT", mutual: mode == "STRICT")
          }
          // Requests that find each other's traces go on for a while.
          try await Task.sleep(for: .milliseconds(500))
        }
      }
      print("changes of the mode under load: \(load.total) requests, \(load.failures) failed")
      // Envoy closes the connections of a filter chain that ends, four here, at the end of its drain
      // time, which is 1 s in these tests; what is on them then is lost. Nothing else may be.
      #expect(load.lost == 0 && load.failures <= 24, "\(load)")
    }

    /// What a workload's Envoy takes now of callers that are no proxies: PERMISSIVE knows mutual TLS by
    /// the names of protocols that only proxies offer.
    private func takes(_ server: Workload) async -> (plaintext: Bool, mutual: Bool) {
      let plaintext = try? await mesh.get(server.inboundURL).status
      let mutual = try? await ask(server, rootOf: mesh.directory + "/data/ca")
      return (plaintext == 200, mutual == 200)
    }

    /// Makes clients open connections all the time, so that handshakes meet every state of the server.
    private func renewConnections() throws {
      try mesh.apply(
        """
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: server, namespace: default}
        spec:
          host: server
          trafficPolicy: {connectionPool: {http: {maxRequestsPerConnection: 20}}}
        """, as: "server")
    }

    private func setMode(_ mode: String) async throws {
      try mesh.apply(
        """
        apiVersion: security.istio.io/v1
        kind: PeerAuthentication
        metadata: {name: default, namespace: istio-system}
        spec: {mtls: {mode: \(mode)}}
        """, as: "mode")
    }

    /// The serial number of the certificate that the Envoy of a workload shows.
    private func serialNumber(_ workload: Workload) async throws -> String {
      let url = "http://127.0.0.1:\(workload.adminPort)/certs"
      let page = try JSONValue(parsing: Array(try await mesh.get(url).body.utf8))
      for entry in page["certificates"]?.arrayValue ?? [] {
        for chain in entry["cert_chain"]?.arrayValue ?? [] {
          if let serial = chain["serial_number"]?.stringValue { return serial }
        }
      }
      throw MeshFailure("no certificate at \(url)")
    }

    /// Asks a workload over TLS with a certificate that the authority in a directory signs.
    private func ask(_ server: Workload, rootOf directory: String) async throws -> Int {
      let material = try AuthorityFiles(directory: directory)
        .loadOrCreate(trustDomain: "cluster.local")
      let authority = try CertificateAuthority(slots: SigningSlots(current: material))
      let key = try PrivateKey(generating: .ecdsaP256)
      let request = try CertificateSigningRequest(key: key, subjectAlternativeNames: [])
      let issued = try authority.issue(
        requestPEM: request.pem, identity: "spiffe://cluster.local/ns/other/sa/caller",
        lifetime: 600)
      var tls = TLSConfiguration.makeClientConfiguration()
      tls.certificateVerification = .none
      tls.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(issued.chainPEM.utf8))
        .map { .certificate($0) }
      tls.privateKey = .privateKey(
        try NIOSSLPrivateKey(bytes: Array(key.pem().utf8), format: .pem))
      var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
      configuration.httpVersion = .http1Only
      let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
      do {
        let response = try await client.execute(
          HTTPClientRequest(url: "https://\(server.address):\(Workload.inboundPort)/"),
          timeout: .seconds(5))
        _ = try await response.body.collect(upTo: 1 << 20)
        try await client.shutdown()
        return Int(response.status.code)
      } catch {
        try await client.shutdown()
        throw error
      }
    }
  }
}
