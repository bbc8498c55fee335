package import KubernetesAPI
package import SidecarInjection
package import StreamingJSON

/// What the webhooks need to know, asked anew for each request.
package struct AdmissionWebhookConfiguration: Sendable {
  /// Judges an object; the reader stands at its start.
  package typealias Validator = @Sendable (KubernetesResource, JSONReader) -> [FieldIssue]

  /// `host:port` to listen on; port 0 lets the system choose one.
  package var address: String
  /// The certificate; without one the server speaks plain HTTP.
  package var tls: WebhookTLS?
  /// The configuration of injection; nil while it is not known yet.
  package var injection: @Sendable () -> InjectionConfiguration?
  /// The rules for objects.
  package var validator: Validator
  /// Whether requests are answered. Until then they get 503, and the failure policy decides.
  package var isReady: @Sendable () -> Bool

  /// How long a client may take to send its body.
  package var bodyTimeout = Duration.seconds(30)

  /// Creates a configuration; without the optional parts the server is ready at once.
  package init(
    address: String, tls: WebhookTLS? = nil,
    injection: @escaping @Sendable () -> InjectionConfiguration?,
    validator: @escaping Validator = { ObjectVerdict.issues(of: $0, $1) },
    isReady: @escaping @Sendable () -> Bool = { true }
  ) {
    self.address = address
    self.tls = tls
    self.injection = injection
    self.validator = validator
    self.isReady = isReady
  }
}
