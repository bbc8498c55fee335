internal import DiscoveryAPI
package import GRPCTransport
internal import NIOCore
internal import OpenSSLCrypto
internal import SwiftProtobuf

/// The client certificates of simulated proxies: one for each service account that a token was given for.
package struct FleetCredentials: Sendable {
  /// A token and whom it speaks for.
  package struct Token: Hashable, Sendable {
    package var namespace: String
    package var serviceAccount: String
    package var secret: String

    package init(namespace: String, serviceAccount: String, secret: String) {
      self.namespace = namespace
      self.serviceAccount = serviceAccount
      self.secret = secret
    }
  }

  private struct Member {
    var serviceAccount: String
    var context: GRPCClientTLSContext
  }

  /// By namespace.
  private var members: [String: Member] = [:]

  private static let method = GRPCMethodPath(
    service: "istio.v1.auth.IstioCertificateService", method: "CreateCertificate")

  /// Has a certificate signed for every token.
  ///
  /// - Throws: `GRPCStatus` of a refusal, `GRPCTLSError` for unusable trust anchors.
  package init(
    tokens: [Token], rootCertificatesPEM: String, address: GRPCAddress, serverName: String?
  ) async throws {
    let connection = try await GRPCClientConnection.connect(
      to: address,
      tls: GRPCClientTLS(rootCertificatesPEM: rootCertificatesPEM, serverName: serverName))
    for token in tokens {
      let key = try PrivateKey(generating: .ecdsaP256)
      let identity = "spiffe://cluster.local/ns/\(token.namespace)/sa/\(token.serviceAccount)"
      var message = Istio_V1_Auth_IstioCertificateRequest()
      message.csr = try CertificateSigningRequest(
        key: key, subjectAlternativeNames: [.uri(identity)]
      ).pem
      message.validityDuration = 86_400
      let answer = try await connection.unary(
        Self.method, headers: ["authorization": "Bearer \(token.secret)"],
        message: ByteBuffer(bytes: try message.serializedBytes() as [UInt8]),
        timeout: .seconds(10))
      let response = try Istio_V1_Auth_IstioCertificateResponse(
        serializedBytes: Array(answer.readableBytesView))
      let tls = GRPCClientTLS(
        rootCertificatesPEM: rootCertificatesPEM, serverName: serverName,
        certificateChainPEM: response.certChain.dropLast().joined(), privateKeyPEM: try key.pem())
      members[token.namespace] = Member(
        serviceAccount: token.serviceAccount,
        context: try GRPCClientTLSContext(tls))
    }
    await connection.close()
  }

  /// The service account that proxies of a namespace run under; nil without a token for it.
  func serviceAccount(in namespace: String) -> String? { members[namespace]?.serviceAccount }

  /// The certificate that proxies of a namespace present.
  func context(in namespace: String) -> GRPCClientTLSContext? { members[namespace]?.context }
}
