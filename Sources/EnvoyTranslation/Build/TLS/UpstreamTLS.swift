internal import EnvoyAPI
internal import ProtobufWire

/// How a cluster encrypts its connections.
package enum UpstreamTLS: Hashable, Sendable {
  case plaintext
  /// Mutual TLS to the endpoints that take it, plaintext to the others.
  case automatic(MutualTLSClient)
  /// Mutual TLS to every endpoint.
  case mutual(MutualTLSClient)
  /// TLS as a destination rule asks for it.
  case custom(CustomTLSClient)
}

/// Mutual TLS with the workload's certificate.
package struct MutualTLSClient: Hashable, Sendable {
  var sni: String
  /// The names that the server may prove; empty accepts any of the mesh.
  var subjectAltNames: [String]
  var alpn: [String]

  package init(sni: String, subjectAltNames: [String], alpn: [String]) {
    self.sni = sni
    self.subjectAltNames = subjectAltNames
    self.alpn = alpn
  }

  func write(_ tls: inout Envoy.UpstreamTlsContext) {
    tls.commonTlsContext {
      $0.tlsParams(encoded: MeshTLSParameters.client)
      WorkloadSecrets.writeCertificate(&$0)
      WorkloadSecrets.writeValidation(&$0) { validation in
        for name in subjectAltNames { validation.matchSubjectAltNames { $0.exact(name) } }
      }
      for protocolName in alpn { $0.alpnProtocols(protocolName) }
    }
    tls.sni(sni)
  }
}

/// TLS with certificates in files or secrets, or with none.
package struct CustomTLSClient: Hashable, Sendable {
  var sni: String
  var subjectAltNames: [String]
  var alpn: [String]
  /// The client's certificate and key.
  var certificate: Secret?
  /// The trust roots, which are not needed where nothing is verified.
  var roots: Secret
  var isVerified: Bool

  /// A secret by the name that it is discovered by.
  package enum Secret: Hashable, Sendable {
    /// From the agent beside the proxy, which reads files.
    case agent(String)
    /// Over the stream that delivers the cluster.
    case aggregated(String)

    var name: String {
      switch self {
      case .agent(let name), .aggregated(let name): name
      }
    }

    var source: [UInt8] {
      switch self {
      case .agent: ConfigSources.agentSecrets
      case .aggregated: ConfigSources.secrets
      }
    }
  }

  func write(_ tls: inout Envoy.UpstreamTlsContext) {
    tls.commonTlsContext { context in
      if let certificate {
        context.tlsCertificateSdsSecretConfigs {
          $0.name(certificate.name)
          $0.sdsConfig(encoded: certificate.source)
        }
      }
      if isVerified {
        context.combinedValidationContext {
          $0.defaultValidationContext { validation in
            for name in subjectAltNames { validation.matchSubjectAltNames { $0.exact(name) } }
          }
          $0.validationContextSdsSecretConfig {
            $0.name(roots.name)
            $0.sdsConfig(encoded: roots.source)
          }
        }
      } else {
        context.validationContext()
      }
      for protocolName in alpn { context.alpnProtocols(protocolName) }
    }
    tls.sni(sni)
  }
}

extension UpstreamTLS {
  private static let tlsSocket = "envoy.transport_sockets.tls"

  /// The secrets that are to come over the stream that delivers the cluster.
  var secretNames: [String] {
    guard case .custom(let client) = self else { return [] }
    let used = [client.certificate, client.isVerified ? client.roots : nil]
    return used.compactMap { secret in
      if case .aggregated(let name)? = secret { name } else { nil }
    }
  }

  /// Writes the cluster's transport socket, or the choice between two by the endpoints' metadata.
  func write(_ cluster: inout Envoy.Cluster) {
    switch self {
    case .plaintext: break
    case .mutual(let client):
      cluster.transportSocket {
        $0.name(Self.tlsSocket)
        $0.typedConfig(Envoy.UpstreamTlsContext.self, client.write)
      }
    case .custom(let client):
      cluster.transportSocket {
        $0.name(Self.tlsSocket)
        $0.typedConfig(Envoy.UpstreamTlsContext.self, client.write)
      }
    case .automatic(let client):
      cluster.transportSocketMatches {
        $0.name("tlsMode-istio")
        $0.match(.init([.init("tlsMode", .string("istio"))]))
        $0.transportSocket {
          $0.name(Self.tlsSocket)
          $0.typedConfig(Envoy.UpstreamTlsContext.self, client.write)
        }
      }
    // Hosts that match nothing are reached in plaintext: the cluster has no socket of its own.
    }
  }
}
