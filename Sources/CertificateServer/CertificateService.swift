package import CertificateAuthority
internal import DiscoveryAPI
package import GRPCTransport
package import Logging
internal import NIOCore
internal import SwiftProtobuf
package import WorkloadAuthentication

/// `istio.v1.auth.IstioCertificateService`: signs the requests of authenticated workloads.
///
/// A caller gets a certificate for the identity it has proven, never for another: only the key of
/// its request is used.
package final class CertificateService: GRPCService {
  /// `/istio.v1.auth.IstioCertificateService/CreateCertificate`.
  package static let createCertificate = GRPCMethodPath(
    service: "istio.v1.auth.IstioCertificateService", method: "CreateCertificate")

  /// A signing request is a few kilobytes.
  private static let maximumMessageSize = 131_072

  package let paths = [CertificateService.createCertificate]
  private let authenticator: WorkloadAuthenticator
  private let authority: CertificateAuthority
  private let logger: Logger
  private let unary: GRPCUnaryService

  /// A service that issues with `authority`.
  package init(
    authority: CertificateAuthority, authenticator: WorkloadAuthenticator,
    logger: Logger = Logger(label: "skein.ca.server")
  ) {
    self.authority = authority
    self.authenticator = authenticator
    self.logger = logger
    self.unary = GRPCUnaryService(
      path: Self.createCertificate, maximumMessageSize: Self.maximumMessageSize)
  }

  package func accept(_ call: GRPCServerCall) -> GRPCAdmission {
    authenticator.admit(call) { [self] identity in
      guard let identity else { return .reject(WorkloadAuthenticator.failure) }
      return unary.accept(call) { [self] request throws(GRPCStatus) in
        try respond(to: request, from: identity)
      }
    }
  }

  private func respond(
    to request: ByteBuffer, from caller: WorkloadIdentity
  ) throws(GRPCStatus) -> ByteBuffer {
    let message: Istio_V1_Auth_IstioCertificateRequest
    do {
      message = try Istio_V1_Auth_IstioCertificateRequest(
        serializedBytes: Array(request.readableBytesView))
    } catch {
      throw GRPCStatus(.invalidArgument, "the request cannot be decoded")
    }
    let impersonated = message.metadata.fields["ImpersonatedIdentity"]?.stringValue ?? ""
    guard impersonated.isEmpty else {
      throw GRPCStatus(.unauthenticated, "impersonation is not allowed for this caller")
    }
    let issued = try issue(message, to: caller)
    var response = Istio_V1_Auth_IstioCertificateResponse()
    response.certChain = issued.responsePEMs
    do {
      let bytes: [UInt8] = try response.serializedBytes()
      return ByteBuffer(bytes: bytes)
    } catch {
      throw GRPCStatus(.internalError, "the response cannot be encoded")
    }
  }

  private func issue(
    _ message: Istio_V1_Auth_IstioCertificateRequest, to caller: WorkloadIdentity
  ) throws(GRPCStatus) -> IssuedCertificate {
    let identity = caller.identity.description
    do {
      let issued = try authority.issue(
        requestPEM: message.csr, identity: identity, lifetime: message.validityDuration)
      logger.debug(
        "Certificate issued",
        metadata: [
          "ca.identity": "\(identity)", "ca.credential": "\(caller.credential.rawValue)",
        ])
      return issued
    } catch {
      logger.info(
        "Certificate refused",
        metadata: ["ca.identity": "\(identity)", "error": "\(error)"])
      throw Self.status(error)
    }
  }

  private static func status(_ error: IssuanceError) -> GRPCStatus {
    switch error {
    case .invalidRequest, .lifetimeTooLong, .invalidIdentity:
      GRPCStatus(.invalidArgument, "CSR signing error (\(error))")
    case .signerExpired:
      GRPCStatus(.failedPrecondition, "\(error)")
    case .signing, .invalidResult:
      GRPCStatus(.internalError, "CSR signing error")
    }
  }
}
