package import Logging
package import OpenSSLCrypto
internal import ServiceLifecycle

/// Keeps the control plane's own certificate fresh: a new one at two thirds of the life of the
/// last, and at once when the roots change.
package struct ServerCertificateRenewal: Service {
  /// Puts a certificate in place.
  package typealias Update =
    @Sendable (_ certificate: IssuedCertificate, _ keyPEM: String) throws -> Void

  private static let pauseAfterFailure = Duration.seconds(10)
  private static let longestPause = Duration.seconds(60)

  private let authority: CertificateAuthority
  private let names: [SubjectAlternativeName]
  private let lifetime: Int64
  private let clock: CertificateAuthority.Clock
  private let update: Update
  private let logger: Logger

  /// Renews a certificate for `names` that lives `lifetime` seconds.
  package init(
    authority: CertificateAuthority, names: [SubjectAlternativeName], lifetime: Int64,
    clock: @escaping CertificateAuthority.Clock = CertificateAuthority.systemClock,
    logger: Logger, update: @escaping Update
  ) {
    self.authority = authority
    self.names = names
    self.lifetime = lifetime
    self.clock = clock
    self.logger = logger
    self.update = update
  }

  /// Issues a certificate and puts it in place; returns when it is due for renewal, in seconds
  /// since 1970.
  package func renew() throws -> Int64 {
    let (certificate, keyPEM) = try authority.issueServerCertificate(
      names: names, lifetime: lifetime)
    try update(certificate, keyPEM)
    let now = clock()
    return now + max(1, (certificate.certificate.notAfter - now) * 2 / 3)
  }

  /// Renews until a graceful shutdown; the first certificate is expected to be in place.
  package func run() async throws {
    try? await cancelWhenGracefulShutdown { try await renewAgainAndAgain() }
  }

  private func renewAgainAndAgain() async throws {
    var due = clock() + lifetime * 2 / 3
    var roots = authority.roots
    while true {
      let left = Duration.seconds(max(0, due - clock()))
      try await Task.sleep(for: min(left, Self.longestPause))
      guard clock() >= due || authority.roots != roots else { continue }
      do {
        due = try renew()
        roots = authority.roots
      } catch {
        logger.error(
          "The server certificate cannot be renewed", metadata: ["error": "\(error)"])
        try await Task.sleep(for: Self.pauseAfterFailure)
      }
    }
  }
}
