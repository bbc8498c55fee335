package import Logging
package import OpenSSLCrypto
internal import ServiceLifecycle

/// Keeps the control plane's own certificate fresh: a new one at two thirds of the life of the
/// last, and at once when the signer changes or what stands above it.
package struct ServerCertificateRenewal: Service {
  /// Puts a certificate in place.
  package typealias Update =
    @Sendable (_ certificate: IssuedCertificate, _ keyPEM: String) throws -> Void

  private static let pauseAfterFailure = Duration.seconds(10)

  private let authority: CertificateAuthority
  /// When the first certificate is due, in seconds since 1970.
  private let firstDue: Int64
  private let names: [SubjectAlternativeName]
  private let lifetime: Int64
  private let pause: Duration
  private let clock: CertificateAuthority.Clock
  private let update: Update
  private let logger: Logger

  /// Renews the certificate `first` by ones for `names` that live `lifetime` seconds, or as long as the
  /// signer where that is less; looks at the signer every `pause`.
  package init(
    authority: CertificateAuthority, first: Certificate, names: [SubjectAlternativeName],
    lifetime: Int64,
    pause: Duration = .seconds(60),
    clock: @escaping CertificateAuthority.Clock = CertificateAuthority.systemClock,
    logger: Logger, update: @escaping Update
  ) {
    self.authority = authority
    firstDue = Self.due(first, at: clock())
    self.names = names
    self.lifetime = lifetime
    self.pause = pause
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
    return Self.due(certificate.certificate, at: clock())
  }

  private static func due(_ certificate: Certificate, at now: Int64) -> Int64 {
    now + max(1, (certificate.notAfter - now) * 2 / 3)
  }

  /// Renews until a graceful shutdown; the first certificate is expected to be in place.
  package func run() async throws {
    try? await cancelWhenGracefulShutdown { try await renewAgainAndAgain() }
  }

  private func renewAgainAndAgain() async throws {
    var due = firstDue
    var chain = authority.signingChain
    while true {
      let left = Duration.seconds(max(0, due - clock()))
      try await Task.sleep(for: min(left, pause))
      let present = authority.signingChain
      guard clock() >= due || present != chain else { continue }
      do {
        due = try renew()
        chain = present
      } catch {
        logger.error(
          "The server certificate cannot be renewed", metadata: ["error": "\(error)"])
        try await Task.sleep(for: Self.pauseAfterFailure)
      }
    }
  }
}
