/// Checks bearer tokens: join tokens here, a cluster's TokenReview elsewhere.
package protocol TokenAuthenticator: Sendable {
  /// The holder of a token; nil when this authenticator does not know the token.
  ///
  /// - Throws: when it cannot tell now; the caller may try again.
  func authenticate(
    token: String
  ) async throws(TokenAuthenticationFailure)
    -> TokenHolder?

  /// The holder of a token that was found valid a moment ago and still is; nil says nothing about the
  /// token. Never waits.
  func remembered(token: String) -> TokenHolder?
}

extension TokenAuthenticator {
  /// Nothing is remembered.
  package func remembered(token: String) -> TokenHolder? { nil }
}

/// Whom a token was given to.
package struct TokenHolder: Hashable, Sendable {
  /// The Kubernetes namespace.
  package let namespace: String
  /// The Kubernetes service account.
  package let serviceAccount: String
  /// The pod that the token was made for; nil for one that is bound to none.
  package let pod: String?

  /// A holder from its parts.
  package init(namespace: String, serviceAccount: String, pod: String? = nil) {
    self.namespace = namespace
    self.serviceAccount = serviceAccount
    self.pod = pod
  }
}

/// A token could not be checked; says nothing about the token.
package struct TokenAuthenticationFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// Why, for the log; never contains the token.
  package let reason: String

  /// A failure with its reason.
  package init(_ reason: String) { self.reason = reason }

  package var description: String { "tokens cannot be checked: \(reason)" }
}
