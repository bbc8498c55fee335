internal import EnvoyAPI
internal import ProtobufWire
package import XDSProtocol

/// Everything that a secret is made from.
package struct SecretInput: ResourceInput {
  package enum Content: Hashable, Sendable {
    case keyPair(chain: [UInt8], privateKey: [UInt8])
    case roots([UInt8])
  }

  /// The name that the secret is discovered by.
  package var name: String
  /// The namespace of the only proxies that may have it: the same name is another secret elsewhere.
  package var namespace: String
  package var content: Content
  package var sources: [String]

  package var type: ResourceType { .secret }

  package func encode() -> [UInt8] {
    Envoy.Secret.encode(capacity: 8192) { secret in
      secret.name(name)
      switch content {
      case .keyPair(let chain, let privateKey):
        secret.tlsCertificate {
          $0.certificateChain { $0.inlineBytes(chain) }
          $0.privateKey { $0.inlineBytes(privateKey) }
        }
      case .roots(let roots):
        secret.validationContext { $0.trustedCa { $0.inlineBytes(roots) } }
      }
    }
  }
}
