/// The name of a gRPC method: `/<package>.<Service>/<Method>`.
package struct GRPCMethodPath: Hashable, Sendable, CustomStringConvertible {
  /// The path as it travels in the `:path` header.
  package let description: String

  /// A path from its parts, for example `envoy.service.secret.v3.SecretDiscoveryService` and
  /// `StreamSecrets`.
  package init(service: String, method: String) {
    self.description = "/\(service)/\(method)"
  }

  /// Parses a `:path` header; nil unless it consists of two non-empty parts.
  package init?(header: String) {
    let parts = header.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].isEmpty, !parts[1].isEmpty, !parts[2].isEmpty else {
      return nil
    }
    self.description = header
  }
}
