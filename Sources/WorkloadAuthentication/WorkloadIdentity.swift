/// Who a caller has proven to be, and how.
package struct WorkloadIdentity: Hashable, Sendable {
  /// The kind of proof.
  package enum Credential: String, Hashable, Sendable {
    /// A client certificate of this mesh's CA.
    case certificate
    /// A bearer token.
    case token
  }

  /// The proven identity.
  package let identity: SPIFFEIdentity
  /// What proved it.
  package let credential: Credential
  /// The pod that a token is bound to; nil for certificates and for tokens that are bound to none.
  package let pod: String?

  /// An identity with its proof.
  package init(identity: SPIFFEIdentity, credential: Credential, pod: String? = nil) {
    self.identity = identity
    self.credential = credential
    self.pod = pod
  }
}
