internal import EnvoyAPI
internal import ProtobufWire

/// The workload's own certificate and trust roots, as both sides of mutual TLS use them.
enum WorkloadSecrets {
  static let certificate = "default"
  static let roots = "ROOTCA"

  private static let certificateConfig = Envoy.SdsSecretConfig.encode {
    $0.name(certificate)
    $0.sdsConfig(encoded: ConfigSources.agentSecrets)
  }

  private static let rootsConfig = Envoy.SdsSecretConfig.encode {
    $0.name(roots)
    $0.sdsConfig(encoded: ConfigSources.agentSecrets)
  }

  static func writeCertificate(_ context: inout Envoy.CommonTlsContext) {
    context.tlsCertificateSdsSecretConfigs(encoded: certificateConfig)
  }

  /// Validates the peer with the mesh's roots and the given names.
  static func writeValidation(
    _ context: inout Envoy.CommonTlsContext,
    names: (inout Envoy.CertificateValidationContext) -> Void
  ) {
    context.combinedValidationContext {
      $0.defaultValidationContext(names)
      $0.validationContextSdsSecretConfig(encoded: rootsConfig)
    }
  }
}

/// TLS versions and ciphers that meshes use between proxies.
enum MeshTLSParameters {
  static let client = Envoy.TlsParameters.encode {
    $0.tlsMinimumProtocolVersion(.tlsv12)
    $0.tlsMaximumProtocolVersion(.tlsv13)
  }

  static let server = Envoy.TlsParameters.encode {
    $0.tlsMinimumProtocolVersion(.tlsv12)
    $0.tlsMaximumProtocolVersion(.tlsv13)
    for suite in [
      "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
      "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "AES256-GCM-SHA384",
      "AES128-GCM-SHA256",
    ] {
      $0.cipherSuites(suite)
    }
  }
}
