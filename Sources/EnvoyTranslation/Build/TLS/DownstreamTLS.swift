internal import EnvoyAPI
internal import ProtobufWire

/// How a filter chain decrypts its connections.
package enum DownstreamTLS: Hashable, Sendable {
  /// Mutual TLS with the workload's certificate, from the named trust domains only.
  case mutual(alpn: [String], trustDomains: [String])
  /// A gateway's own certificate.
  case gateway(GatewayTLS)

  /// The secrets that are to come over the stream that delivers the listener.
  var secretNames: [String] {
    guard case .gateway(let gateway) = self else { return [] }
    var names: [String] = []
    if case .secrets(let certificates) = gateway.certificate { names = certificates }
    if gateway.client != .none, gateway.certificate != .workload, let roots = gateway.rootsSecret {
      names.append(roots)
    }
    return names
  }

  func write(_ chain: inout Envoy.FilterChain) {
    chain.transportSocket {
      $0.name("envoy.transport_sockets.tls")
      $0.typedConfig(Envoy.DownstreamTlsContext.self) { tls in
        switch self {
        case .mutual(let alpn, let trustDomains):
          Self.writeMutual(&tls, alpn: alpn, trustDomains: trustDomains)
        case .gateway(let gateway): gateway.write(&tls)
        }
      }
    }
  }

  private static func writeMutual(
    _ tls: inout Envoy.DownstreamTlsContext, alpn: [String], trustDomains: [String]
  ) {
    tls.commonTlsContext {
      $0.tlsParams(encoded: MeshTLSParameters.server)
      WorkloadSecrets.writeCertificate(&$0)
      WorkloadSecrets.writeValidation(&$0) { validation in
        for domain in trustDomains {
          validation.matchSubjectAltNames { $0.prefix("spiffe://\(domain)/") }
        }
      }
      for protocolName in alpn { $0.alpnProtocols(protocolName) }
    }
    tls.requireClientCertificate(true)
  }
}

/// TLS as a server of a gateway terminates it.
package struct GatewayTLS: Hashable, Sendable {
  enum Certificate: Hashable, Sendable {
    /// The workload's own.
    case workload
    /// Secrets by their discovery names, such as `kubernetes://name`.
    case secrets([String])
    case files(chain: String, key: String)
  }

  enum ClientCertificate: Hashable, Sendable {
    case none
    case optional
    case required
  }

  var certificate: Certificate
  var client: ClientCertificate
  /// Where the roots for client certificates come from: a secret's name or a file.
  var rootsSecret: String?
  var rootsFile: String?
  var subjectAltNames: [String]
  var alpn: [String]
  var minimumVersion: Version?
  var maximumVersion: Version?
  var cipherSuites: [String]

  /// A TLS version by Envoy's number.
  enum Version: Int32, Hashable, Sendable {
    case tls10 = 1
    case tls11 = 2
    case tls12 = 3
    case tls13 = 4
  }

  func write(_ tls: inout Envoy.DownstreamTlsContext) {
    tls.commonTlsContext { context in
      writeParameters(&context)
      writeCertificate(&context)
      writeValidation(&context)
      for protocolName in alpn { context.alpnProtocols(protocolName) }
    }
    tls.requireClientCertificate(client == .required)
  }

  private func writeParameters(_ context: inout Envoy.CommonTlsContext) {
    guard minimumVersion != nil || maximumVersion != nil || !cipherSuites.isEmpty else { return }
    context.tlsParams {
      if let version = minimumVersion.flatMap({ Self.protocolVersion($0) }) {
        $0.tlsMinimumProtocolVersion(version)
      }
      if let version = maximumVersion.flatMap({ Self.protocolVersion($0) }) {
        $0.tlsMaximumProtocolVersion(version)
      }
      for suite in cipherSuites { $0.cipherSuites(suite) }
    }
  }

  private static func protocolVersion(_ version: Version) -> Envoy.TlsParameters.TlsProtocol? {
    Envoy.TlsParameters.TlsProtocol(rawValue: version.rawValue)
  }

  private func writeCertificate(_ context: inout Envoy.CommonTlsContext) {
    switch certificate {
    case .workload: WorkloadSecrets.writeCertificate(&context)
    case .secrets(let names):
      for name in names {
        context.tlsCertificateSdsSecretConfigs {
          $0.name(name)
          $0.sdsConfig(encoded: ConfigSources.secrets)
        }
      }
    case .files(let chain, let key):
      context.tlsCertificateSdsSecretConfigs {
        $0.name("file-cert:\(chain)~\(key)")
        $0.sdsConfig(encoded: ConfigSources.agentSecrets)
      }
    }
  }

  private func writeValidation(_ context: inout Envoy.CommonTlsContext) {
    guard client != .none else { return }
    if case .workload = certificate {
      WorkloadSecrets.writeValidation(&context, names: writeNames)
      return
    }
    let root: (name: String, source: [UInt8])? =
      rootsSecret.map { ($0, ConfigSources.secrets) }
      ?? rootsFile.map { ("file-root:\($0)", ConfigSources.agentSecrets) }
    guard let root else { return }
    context.combinedValidationContext {
      $0.defaultValidationContext(writeNames)
      $0.validationContextSdsSecretConfig {
        $0.name(root.name)
        $0.sdsConfig(encoded: root.source)
      }
    }
  }

  private func writeNames(_ validation: inout Envoy.CertificateValidationContext) {
    for name in subjectAltNames { validation.matchSubjectAltNames { $0.exact(name) } }
  }
}
