/// The names by which proxies discover the secrets that configuration names (contract §4.5).
enum SecretName {
  /// A secret beside the proxy; a name with a scheme says itself where it is.
  static func discovered(_ credential: String) -> String {
    credential.contains("://") ? credential : "kubernetes://\(credential)"
  }

  /// The trust roots of a secret.
  static func roots(_ credential: String) -> String { discovered(credential) + "-cacert" }
}
