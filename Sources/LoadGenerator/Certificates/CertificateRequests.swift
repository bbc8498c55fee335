internal import DiscoveryAPI
internal import GRPCTransport
internal import NIOCore
internal import OpenSSLCrypto
internal import SwiftProtobuf

/// Calls of CreateCertificate that are ready to be sent: keys cost more than a server's whole work,
/// so they are made before anything is measured, and used in turn.
struct CertificateRequests: Sendable {
  /// One call.
  struct Request: Sendable {
    let message: ByteBuffer
    let authorization: String
  }

  static let method = GRPCMethodPath(
    service: "istio.v1.auth.IstioCertificateService", method: "CreateCertificate")

  private let messages: [ByteBuffer]
  private let keys: [PublicKey]
  private let authorizations: [String]

  var count: Int { messages.count }

  /// Makes the keys and their signing requests.
  init(_ configuration: CertificateLoadConfiguration) throws(CertificateLoadError) {
    guard !configuration.tokens.isEmpty else { throw .unusableInput("there is no token") }
    authorizations = configuration.tokens.map { "Bearer \($0)" }
    var messages: [ByteBuffer] = []
    var keys: [PublicKey] = []
    do {
      for _ in 0..<max(1, configuration.requestCount) {
        let request = try CertificateSigningRequest(
          key: PrivateKey(generating: configuration.keyType), subjectAlternativeNames: [])
        var message = Istio_V1_Auth_IstioCertificateRequest()
        message.csr = request.pem
        message.validityDuration = 86_400
        let bytes: [UInt8] = try message.serializedBytes()
        messages.append(ByteBuffer(bytes: bytes))
        keys.append(request.publicKey)
      }
    } catch {
      throw .unusableInput("\(error)")
    }
    self.messages = messages
    self.keys = keys
  }

  /// The call number `index`.
  subscript(index: Int) -> Request {
    Request(
      message: messages[index % messages.count],
      authorization: authorizations[index % authorizations.count])
  }

  /// Checks that an answer to call `index` holds a certificate for its key.
  func check(_ answer: ByteBuffer, to index: Int) throws(CertificateLoadError) {
    do {
      let chain = try Istio_V1_Auth_IstioCertificateResponse(
        serializedBytes: Array(answer.readableBytesView)
      ).certChain
      guard let leaf = try Certificate.parse(pem: chain.first ?? "").first else {
        throw CertificateLoadError.unusableAnswer("it has no certificate")
      }
      guard leaf.publicKey == keys[index % keys.count] else {
        throw CertificateLoadError.unusableAnswer("its certificate is for another key")
      }
    } catch let error as CertificateLoadError {
      throw error
    } catch {
      throw .unusableAnswer("\(error)")
    }
  }
}
