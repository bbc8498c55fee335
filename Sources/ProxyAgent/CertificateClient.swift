internal import DiscoveryAPI
internal import GRPCTransport
internal import NIOCore
internal import OpenSSLCrypto
internal import SwiftProtobuf

/// Gets certificates from the control plane.
struct CertificateClient: Sendable {
  /// A certificate with its key.
  struct Result: Sendable {
    let chainPEM: String
    let keyPEM: String
    let rootsPEM: String
    let leaf: Certificate
  }

  private static let method = GRPCMethodPath(
    service: "istio.v1.auth.IstioCertificateService", method: "CreateCertificate")
  private static let timeout = Duration.seconds(10)

  let configuration: AgentConfiguration

  /// Makes a new key and has it certified.
  ///
  /// The current certificate proves who asks while it is valid; the token does when there is none
  /// or the control plane does not take it.
  func fetch(current: WorkloadSecrets.Generation?, now: Int64) async throws -> Result {
    if let current, current.leaf.notAfter > now {
      do {
        return try await request(with: .certificate(current), now: now)
      } catch {
        guard configuration.tokenFile != nil else { throw error }
      }
    }
    return try await request(with: .token(try readToken()), now: now)
  }

  private enum Credential {
    case certificate(WorkloadSecrets.Generation)
    case token(String)
  }

  private func request(with credential: Credential, now: Int64) async throws -> Result {
    let key = try PrivateKey(generating: configuration.keyType)
    let identity =
      "spiffe://\(configuration.trustDomain)/ns/\(configuration.namespace)"
      + "/sa/\(configuration.serviceAccount)"
    var message = Istio_V1_Auth_IstioCertificateRequest()
    message.csr = try CertificateSigningRequest(
      key: key, subjectAlternativeNames: [.uri(identity)]
    ).pem
    message.validityDuration = configuration.certificateLifetime
    let bytes: [UInt8] = try message.serializedBytes()
    let response = try await send(ByteBuffer(bytes: bytes), with: credential)
    let chain = try Istio_V1_Auth_IstioCertificateResponse(
      serializedBytes: Array(response.readableBytesView)
    ).certChain
    return try check(chain, key: key, now: now)
  }

  private func send(_ message: ByteBuffer, with credential: Credential) async throws -> ByteBuffer {
    guard let roots = try PrivateFile.read(configuration.rootCertificateFile) else {
      throw AgentError("there is no file \(configuration.rootCertificateFile) with the roots")
    }
    var tls = GRPCClientTLS(
      rootCertificatesPEM: String(decoding: roots, as: UTF8.self),
      serverName: configuration.verifiedServerName)
    var authorization: String?
    switch credential {
    case .certificate(let generation):
      tls.certificateChainPEM = generation.chainPEM
      tls.privateKeyPEM = generation.keyPEM
    case .token(let token):
      authorization = "Bearer \(token)"
    }
    let connection = try await GRPCClientConnection.connect(
      to: configuration.discoveryAddress, tls: tls, timeout: Self.timeout)
    do {
      let response =
        if let authorization {
          try await connection.unary(
            Self.method,
            headers: ["authorization": authorization, "clusterid": configuration.clusterID],
            message: message, timeout: Self.timeout)
        } else {
          try await connection.unary(
            Self.method, headers: ["clusterid": configuration.clusterID], message: message,
            timeout: Self.timeout)
        }
      await connection.close()
      return response
    } catch {
      await connection.close()
      throw error
    }
  }

  /// The control plane is trusted, but what it sent must be usable before the old is given up.
  private func check(_ chain: [String], key: PrivateKey, now: Int64) throws -> Result {
    guard chain.count >= 2, let rootsPEM = chain.last else {
      throw AgentError("the response has \(chain.count) parts instead of a chain and roots")
    }
    let chainPEM = chain.dropLast().joined()
    let certificates = try Certificate.parse(pem: chainPEM)
    guard let leaf = certificates.first else { throw AgentError("the chain is empty") }
    guard try leaf.publicKey == key.publicKey() else {
      throw AgentError("the certificate is for another key")
    }
    let verifier = try CertificateVerifier(roots: try Certificate.parse(pem: rootsPEM))
    try verifier.verify(chainDER: certificates.map(\.der), at: now, for: .client)
    return Result(chainPEM: chainPEM, keyPEM: try key.pem(), rootsPEM: rootsPEM, leaf: leaf)
  }

  private func readToken() throws -> String {
    guard let path = configuration.tokenFile else {
      throw AgentError("there is no valid certificate and no --token-file for a new one")
    }
    guard let bytes = try PrivateFile.read(path) else {
      throw AgentError("there is no token file \(path)")
    }
    let token = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    guard token.count == 1 else { throw AgentError("the token file \(path) has no single token") }
    return String(token[0])
  }
}

/// Something that keeps the agent from its work; says what to do about it.
package struct AgentError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong.
  package let description: String

  init(_ description: String) { self.description = description }
}
