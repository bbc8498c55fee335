internal import AdmissionWebhooks
internal import AsyncHTTPClient
internal import Foundation
internal import Logging
internal import MeshTesting
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL
internal import OpenSSLCrypto
internal import SidecarInjection
internal import StreamingJSON
internal import Synchronization

/// A webhook server on a port of its own, behind TLS, for the length of a closure.
struct RunningWebhooks: Sendable {
  let port: Int
  let tls: WebhookTLS
  let authority: TestAuthority
  let counters: WebhookCounters

  static func run<Result: Sendable>(
    _ change: (inout AdmissionWebhookConfiguration) -> Void = { _ in },
    _ body: (RunningWebhooks) async throws -> Result
  ) async throws -> Result {
    let authority = try TestAuthority()
    let material = try authority.issue("istiod.istio-system.svc")
    let tls = try WebhookTLS(certificateChainPEM: material.chain, privateKeyPEM: material.key)
    var configuration = AdmissionWebhookConfiguration(
      address: "127.0.0.1:0", tls: tls, injection: { InjectionConfiguration() })
    change(&configuration)
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let counters = WebhookCounters()
    let server = AdmissionWebhookServer(
      configuration: configuration, counters: counters, logger: logger
    ) { continuation.yield($0) }
    return try await RunningService.whileRunning(server, logger: logger) {
      var iterator = ports.makeAsyncIterator()
      guard let port = await iterator.next() else { throw CancellationError() }
      return try await body(
        RunningWebhooks(port: port, tls: tls, authority: authority, counters: counters))
    }
  }

  /// Sends one request on a connection of its own.
  func send(
    _ path: String, _ bytes: [UInt8], method: HTTPMethod = .POST,
    type: String? = "application/json", encoding: String? = nil, trusting: TestAuthority? = nil
  ) async throws -> (status: Int, body: [UInt8]) {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.trustRoots = .certificates(
      try NIOSSLCertificate.fromPEMBytes(Array((trusting ?? authority).pem.utf8)))
    tls.certificateVerification = .noHostnameVerification
    let client = HTTPClient(
      configuration: .init(tlsConfiguration: tls, timeout: .init(connect: .milliseconds(500))))
    do {
      var request = HTTPClientRequest(url: "https://127.0.0.1:\(port)\(path)")
      request.method = method
      if let type { request.headers.add(name: "Content-Type", value: type) }
      if let encoding { request.headers.add(name: "Content-Encoding", value: encoding) }
      if method == .POST { request.body = .bytes(ByteBuffer(bytes: bytes)) }
      let response = try await client.execute(request, timeout: .seconds(60))
      let buffer = try await response.body.collect(upTo: 64 << 20)
      try await client.shutdown()
      return (Int(response.status.code), Array(buffer.readableBytesView))
    } catch {
      try? await client.shutdown()
      throw error
    }
  }

  /// Sends a review and returns its `response`.
  func review(_ path: String, _ review: JSONValue) async throws -> JSONValue {
    let (status, body) = try await send(path, review.serialized())
    guard status == 200 else {
      return [
        "status": .integer(Int64(status)), "body": .string(String(decoding: body, as: UTF8.self)),
      ]
    }
    let answer = try JSONValue(parsing: body)
    guard answer["apiVersion"] == review["apiVersion"], answer["kind"] == "AdmissionReview" else {
      return answer
    }
    return answer["response"] ?? .null
  }
}

/// Reviews as the API server sends them.
enum Reviews {
  static func make(
    _ object: JSONValue?, group: String = "", version: String = "v1", kind: String = "Pod",
    operation: String = "CREATE", namespace: String = "shop", reviewVersion: String = "v1"
  ) -> JSONValue {
    var request: JSONValue = [
      "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
      "kind": ["group": .string(group), "version": .string(version), "kind": .string(kind)],
      "namespace": .string(namespace), "operation": .string(operation),
      "userInfo": ["username": "admin"], "dryRun": false,
    ]
    if let object { request["object"] = object }
    return [
      "apiVersion": .string("admission.k8s.io/\(reviewVersion)"), "kind": "AdmissionReview",
      "request": request,
    ]
  }

  static let pod: JSONValue = [
    "apiVersion": "v1", "kind": "Pod",
    "metadata": ["generateName": "web-", "labels": ["app": "web"]],
    "spec": ["containers": [["name": "web", "image": "w"]]],
  ]
}

/// A certificate authority for one test.
struct TestAuthority: Sendable {
  let pem: String
  private let certificate: Certificate
  private let key: PrivateKey

  init() throws {
    key = try PrivateKey(generating: .ecdsaP256)
    var template = CertificateTemplate(
      serialNumber: [1], notBefore: 0, notAfter: 4_000_000_000, publicKey: try key.publicKey(),
      keyUsage: [.keyCertSign])
    template.organization = "test"
    template.isCA = true
    certificate = try template.sign(with: key, issuer: nil)
    pem = certificate.pem
  }

  func issue(_ name: String) throws -> (chain: String, key: String) {
    let leafKey = try PrivateKey(generating: .ecdsaP256)
    var template = CertificateTemplate(
      serialNumber: [2], notBefore: 0, notAfter: 4_000_000_000,
      publicKey: try leafKey.publicKey(), keyUsage: [.digitalSignature, .keyEncipherment])
    template.subjectAlternativeNames = [.dns(name)]
    template.extendedKeyUsages = [.serverAuthentication]
    return (try template.sign(with: key, issuer: certificate).pem, try leafKey.pem())
  }
}
