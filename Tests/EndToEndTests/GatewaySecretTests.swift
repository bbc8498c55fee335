import AsyncHTTPClient
import Foundation
import MeshTesting
import NIOCore
import NIOSSL
import OpenSSLCrypto
import StreamingJSON
import Testing

extension EndToEnd {
  /// A gateway that terminates TLS with certificates of Secrets, which come over its stream.
  @Suite(.serialized, .mesh([.init("server", app: "server")]))
  struct GatewaySecretTests {
    let mesh: RunningMesh
    private let address: String

    init() throws {
      mesh = try #require(RunningMesh.current)
      address = "\(mesh.network).200"
    }

    @Test(.timeLimit(.minutes(2)))
    func `Certificates arrive, change under load, and a missing one holds up nothing`()
      async throws
    {
      let gateway = try startGateway()
      let (first, second) = (try Authority("first"), try Authority("second"))
      do {
        try mesh.apply(routes, as: "gateway")
        try mesh.apply(try first.secret("web-cert", for: "web.example.com"), as: "web-cert")
        // The Secret of the second server does not exist; the first has to work all the same.
        try await eventually("the gateway serves web.example.com", within: .seconds(10)) {
          try await ask("web.example.com", trusting: [first]) == 200
        }
        try await statusNames("Secret/default/other-cert")

        let isOver = Flag()
        async let load = underLoad(until: isOver, trusting: [first, second])
        try mesh.apply(try second.secret("web-cert", for: "web.example.com"), as: "web-cert")
        try await eventually("the new certificate is served") {
          try await ask("web.example.com", trusting: [second]) == 200
        }
        // Deleting it takes it from no proxy that has it.
        mesh.remove("web-cert")
        try await statusNames("Secret/default/other-cert")
        try mesh.apply(try first.secret("other-cert", for: "other.example.com"), as: "other-cert")
        try await eventually("the gateway serves other.example.com") {
          try await ask("other.example.com", trusting: [first]) == 200
        }
        #expect(try await ask("web.example.com", trusting: [second]) == 200)
        isOver.set()
        let tally = try await load
        #expect(tally.total > 50 && tally.failures == 0, "\(tally)")
        print("\(tally.total) handshakes while certificates changed, \(tally.failures) failed")
        try keysStaySecret(second)
      } catch {
        await mesh.report()
        await gateway.stop()
        throw error
      }
      await gateway.stop()
    }

    private func startGateway() throws -> MeshProgram {
      let token = ChildProgram.run(
        RunningMesh.skein,
        [
          "ca", "token", "create", "--data-dir", mesh.directory + "/data", "--service-account",
          "default/gateway",
        ])
      let tokenFile = mesh.directory + "/gateway.token"
      ChildProgram.write(token.output, to: tokenFile)
      return try MeshProgram(
        "gateway",
        [
          RunningMesh.skein, "proxy", "--type", "router", "--name", "gateway", "--namespace",
          "default", "--ip", address, "--service-account", "gateway",
          "--labels", "istio=ingressgateway", "--discovery-address",
          "\(mesh.controlAddress):15012", "--tls-server-name", "istiod.istio-system.svc",
          "--token-file", tokenFile, "--root-cert", mesh.rootFile,
          "--envoy", EnvoyBinary.path ?? "", "--config-dir", mesh.directory + "/gateway",
          "--admin-port", String(try FreePort.next()), "--status-port", "0", "--prometheus-port",
          "0",
          "--drain-duration", "0s",
        ], log: mesh.directory + "/gateway-agent.log")
    }

    private var routes: String {
      """
      apiVersion: networking.istio.io/v1
      kind: Gateway
      metadata: {name: gw, namespace: default}
      spec:
        selector: {istio: ingressgateway}
        servers:
        - {port: {number: 8443, name: web, protocol: HTTPS}, bind: \(address), hosts: [web.example.com], tls: {mode: SIMPLE, credentialName: web-cert}}
        - {port: {number: 8443, name: other, protocol: HTTPS}, bind: \(address), hosts: [other.example.com], tls: {mode: SIMPLE, credentialName: other-cert}}
      ---
      apiVersion: networking.istio.io/v1
      kind: VirtualService
      metadata: {name: gw, namespace: default}
      spec:
        hosts: [web.example.com, other.example.com]
        gateways: [gw]
        http: [{route: [{destination: {host: server, port: {number: \(Workload.outboundPort)}}}]}]
      """
    }

    /// The status of a request over a connection of its own; 0 where there is none.
    private func ask(_ host: String, trusting authorities: [Authority]) async throws -> Int {
      var configuration = HTTPClient.Configuration()
      configuration.dnsOverride = [host: address]
      var tls = TLSConfiguration.makeClientConfiguration()
      tls.trustRoots = .certificates(
        try authorities.map {
          try NIOSSLCertificate(bytes: Array($0.certificate.pem.utf8), format: .pem)
        })
      configuration.tlsConfiguration = tls
      configuration.timeout.connect = .seconds(2)
      let client = HTTPClient(configuration: configuration)
      let response = try? await client.execute(
        HTTPClientRequest(url: "https://\(host):8443/"), timeout: .seconds(5))
      _ = try? await response?.body.collect(upTo: 1 << 20)
      try await client.shutdown()
      return Int(response?.status.code ?? 0)
    }

    private func underLoad(
      until isOver: Flag, trusting authorities: [Authority]
    ) async throws -> Tally {
      var tally = Tally()
      while !isOver.isSet {
        let status = try await ask("web.example.com", trusting: authorities)
        tally.total += 1
        tally.statuses[status, default: 0] += 1
      }
      return tally
    }

    /// Waits until `skein status` says that `secret` is missing, and on which object.
    private func statusNames(_ secret: String) async throws {
      try await eventually("the missing secret is named") {
        mesh.statusText().contains("Gateway/default/gw: needs \(secret) with tls.crt and tls.key")
      }
    }

    /// Neither the debug pages nor any log show a private key.
    private func keysStaySecret(_ authority: Authority) throws {
      let shown = ChildProgram.run(
        RunningMesh.skein,
        [
          "config", "gateway.default", "--type", "sds", "-o", "json", "--http-address",
          "\(mesh.controlAddress):8080",
        ])
      #expect(shown.output.contains("kubernetes://other-cert"), "\(shown.output)")
      #expect(shown.output.contains("W3JlZGFjdGVkXQ=="))
      let marker = "PRIVATE KEY"
      let encoded = Data("-----BEGIN \(marker)".utf8).base64EncodedString()
      #expect(!shown.output.contains(encoded.prefix(28)))
      for log in ["control-plane", "gateway-agent"] {
        let text = ChildProgram.read("\(mesh.directory)/\(log).log") ?? ""
        #expect(!text.isEmpty && !text.contains(marker))
      }
    }
  }
}

/// A root of the outside world.
private struct Authority {
  static let end: Int64 = 4_000_000_000
  let certificate: Certificate
  let key: PrivateKey

  init(_ name: String) throws {
    key = try PrivateKey(generating: .ecdsaP256)
    var template = CertificateTemplate(
      serialNumber: [1], notBefore: 0, notAfter: Self.end, publicKey: try key.publicKey(),
      keyUsage: [.keyCertSign])
    template.organization = name
    template.isCA = true
    certificate = try template.sign(with: key, issuer: nil)
  }

  /// A Secret with a certificate for `host`.
  func secret(_ name: String, for host: String) throws -> String {
    let leafKey = try PrivateKey(generating: .ecdsaP256)
    var template = CertificateTemplate(
      serialNumber: [2], notBefore: 0, notAfter: Self.end, publicKey: try leafKey.publicKey(),
      keyUsage: [.digitalSignature])
    template.subjectAlternativeNames = [.dns(host)]
    template.extendedKeyUsages = [.serverAuthentication]
    let leaf = try template.sign(with: key, issuer: certificate)
    func block(_ text: String) -> String {
      text.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
    }
    return """
      apiVersion: v1
      kind: Secret
      metadata: {name: \(name), namespace: default}
      type: kubernetes.io/tls
      stringData:
        tls.crt: |
      \(block(leaf.pem))
        tls.key: |
      \(block(try leafKey.pem()))
      """
  }
}
