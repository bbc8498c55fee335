internal import IstioAPI
internal import MeshModel

/// Chooses how a cluster encrypts (contract §5.7).
enum UpstreamTLSResolution {
  struct Context {
    var service: MeshService
    var port: MeshServicePort
    var subset: String
    var scope: OutboundScope
    /// Whether the cluster's hosts are original destinations.
    var isOriginalDestination: Bool
    var isGateway: Bool
  }

  static func resolve(
    _ settings: ClientTLSSettings?, _ context: Context, _ reader: inout SnapshotReader
  ) -> UpstreamTLS {
    if let settings {
      switch settings.mode {
      case .disable: return .plaintext
      case .simple, .mutual: return custom(settings, context)
      case .istioMutual:
        var client = client(context, &reader)
        if !settings.sni.isEmpty { client.sni = settings.sni }
        if !settings.subjectAltNames.isEmpty { client.subjectAltNames = settings.subjectAltNames }
        return .mutual(client)
      }
    }
    guard isMutualTLSExpected(context, &reader) else { return .plaintext }
    let client = client(context, &reader)
    return context.isOriginalDestination ? .mutual(client) : .automatic(client)
  }

  private static func isMutualTLSExpected(
    _ context: Context, _ reader: inout SnapshotReader
  ) -> Bool {
    let mesh = reader.meshConfig()
    guard mesh.enableAutoMtls, !context.service.isExternal else { return false }
    if context.isOriginalDestination {
      let endpoints = reader.endpoints(context.service.id)
      if endpoints.isEmpty || endpoints.contains(where: { !$0.acceptsMutualTLS }) { return false }
    }
    return PeerAuthenticationResolution.namespaceMode(context.service.id.namespace, &reader).mode
      != .disable
  }

  private static func client(
    _ context: Context, _ reader: inout SnapshotReader
  ) -> MutualTLSClient {
    let domain = reader.meshConfig().trustDomain
    let aliases = [domain] + reader.meshConfig().trustDomainAliases
    let accounts = reader.serviceAccounts(context.service.id).flatMap { account in
      let parts = account.split(separator: "/", maxSplits: 1)
      return aliases.map { "spiffe://\($0)/ns/\(parts.first ?? "")/sa/\(parts.last ?? "")" }
    }
    let names = Set(accounts + context.service.serviceAccounts).sorted()
    return MutualTLSClient(
      sni: ClusterName.serverName(
        context.port.number, context.subset, context.service.hostname),
      subjectAltNames: names,
      alpn: alpn(context.port.protocolKind, context.scope))
  }

  /// The ALPN that tells the server's proxy what is inside.
  private static func alpn(_ protocolKind: PortProtocol, _ scope: OutboundScope) -> [String] {
    switch scope.dialect {
    case .istioProxy:
      // The first one promises the filter that exchanges metadata.
      (scope.carriesTelemetry ? ["istio-peer-exchange"] : []) + ["istio"]
        + (protocolKind.isHTTP2 ? ["h2"] : [])
    case .stock:
      // Without istio.alpn the cluster itself has to say what its requests are.
      if protocolKind.isHTTP2 {
        ["istio-h2", "istio", "h2"]
      } else if protocolKind.isHTTP {
        ["istio-http/1.1", "istio", "http/1.1"]
      } else {
        ["istio"]
      }
    }
  }

  private static func custom(_ settings: ClientTLSSettings, _ context: Context) -> UpstreamTLS {
    // Secrets by name are delivered to gateways; a sidecar has none, so Istio leaves its TLS out.
    guard settings.credentialName.isEmpty || context.isGateway else { return .plaintext }
    let names =
      settings.subjectAltNames.isEmpty && context.service.source == .serviceEntry
      ? context.service.subjectAltNames : settings.subjectAltNames
    return .custom(
      CustomTLSClient(
        sni: settings.sni, subjectAltNames: names,
        alpn: context.port.protocolKind.isHTTP2 ? ["h2"] : [],
        certificate: settings.mode == .mutual ? certificate(settings) : nil,
        roots: roots(settings), isVerified: !(settings.insecureSkipVerify ?? false)))
  }

  private static func certificate(_ settings: ClientTLSSettings) -> CustomTLSClient.Secret {
    settings.credentialName.isEmpty
      ? .agent("file-cert:\(settings.clientCertificate)~\(settings.privateKey)")
      : .aggregated(SecretName.discovered(settings.credentialName))
  }

  private static func roots(_ settings: ClientTLSSettings) -> CustomTLSClient.Secret {
    if !settings.credentialName.isEmpty {
      return .aggregated(SecretName.roots(settings.credentialName))
    }
    return .agent(
      "file-root:" + (settings.caCertificates.isEmpty ? "system" : settings.caCertificates))
  }
}
