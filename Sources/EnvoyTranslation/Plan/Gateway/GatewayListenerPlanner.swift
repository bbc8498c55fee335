internal import IstioAPI
internal import MeshModel

/// Plans the listeners of a gateway (contract §9.2, §9.3).
struct GatewayListenerPlanner {
  var scope: GatewayScope
  var mesh: MeshConfig

  /// The listener of a port and address; nil when no server yields a chain.
  func listener(
    port: UInt32, bind: String, _ servers: [GatewayServer], _ secrets: inout GatewaySecrets,
    _ reader: inout SnapshotReader
  ) -> ListenerInput? {
    let address = bind.isEmpty ? scope.outbound.wildcardAddress : bind
    var listener = ListenerInput(
      name: "\(address)_\(port)", address: .ip(address, port), direction: .outbound)
    var names: Set<[String]> = []
    if let first = servers.first, first.isHTTP, !first.isTLSProtocol {
      listener.chains = [httpChain(first, listener: listener.name, &reader)]
    } else {
      for server in servers {
        for chain in chains(server, listener: listener.name, &secrets, &reader) {
          // Of two chains for the same server names the first stands.
          guard names.insert(chain.match?.serverNames ?? []).inserted else { continue }
          listener.chains.append(chain)
        }
      }
    }
    guard !listener.chains.isEmpty else { return nil }
    listener.acceptsOneAtATime = true
    if listener.chains.contains(where: {
      $0.tls != nil || !($0.match?.serverNames.isEmpty ?? true)
    }) {
      listener.filters.append(.tlsInspector(disabled: .nowhere))
    }
    listener.sources = Set(servers.map(\.gateway.description)).sorted()
    return listener
  }

  private func chains(
    _ server: GatewayServer, listener: String, _ secrets: inout GatewaySecrets,
    _ reader: inout SnapshotReader
  ) -> [FilterChainInput] {
    let tls = server.terminatesTLS ? tls(server, isHTTP: server.isHTTP) : nil
    let gateway = server.gateway.description
    guard secrets.admit(tls?.secretNames ?? [], for: gateway, &reader) else { return [] }
    if server.isHTTP {
      var chain = httpChain(server, listener: listener, &reader)
      let names = server.serverNames
      chain.match = names.isEmpty ? nil : .init(serverNames: names)
      chain.tls = tls
      return [chain]
    }
    let routes = GatewayTCPRoutePlanner(scope: scope, mesh: mesh, server: server)
    return routes.chains(&reader).map { chain in
      var chain = chain
      chain.tls = tls
      if exchangesMetadata(server) { chain.filters.insert(.metadataExchange, at: 0) }
      chain.limitsHandshake = true
      return chain
    }
  }

  /// Whether the peers of a server's opaque connections are Istio's own proxies.
  private func exchangesMetadata(_ server: GatewayServer) -> Bool {
    server.server.tls?.mode == .istioMutual && scope.outbound.dialect == .istioProxy
  }

  private func httpChain(
    _ server: GatewayServer, listener: String, _ reader: inout SnapshotReader
  ) -> FilterChainInput {
    let prefix =
      server.isTLSProtocol && !server.server.name.isEmpty
      ? server.server.name : "outbound_\(listener);"
    var manager = HTTPConnectionManagerInput(
      role: .gateway, statPrefix: prefix, routes: .discovered(server.routeName),
      dialect: scope.outbound.dialect)
    manager.apply(mesh, scope.outbound) { reader.ownNamespace() }
    manager.trustedHops = mesh.defaultConfig.gatewayTopology?.numTrustedProxies ?? 0
    return FilterChainInput(filters: [.http(manager)], limitsHandshake: true)
  }

  private func tls(_ server: GatewayServer, isHTTP: Bool) -> DownstreamTLS? {
    guard let tls = server.server.tls else { return nil }
    let names = tls.credentialNames.isEmpty ? [tls.credentialName] : tls.credentialNames
    let exchange = !isHTTP && exchangesMetadata(server) ? ["istio-peer-exchange"] : []
    let certificate: GatewayTLS.Certificate =
      if tls.mode == .istioMutual {
        .workload
      } else if let first = names.first, !first.isEmpty {
        .secrets(names.map(SecretName.discovered))
      } else {
        .files(chain: tls.serverCertificate, key: tls.privateKey)
      }
    let client: GatewayTLS.ClientCertificate =
      switch tls.mode {
      case .mutual, .istioMutual: .required
      case .optionalMutual: .optional
      case .simple, .passthrough, .autoPassthrough: .none
      }
    let credential = tls.caCertCredentialName.isEmpty ? names.first ?? "" : tls.caCertCredentialName
    return .gateway(
      GatewayTLS(
        certificate: certificate, client: client,
        rootsSecret: credential.isEmpty ? nil : SecretName.roots(credential),
        rootsFile: tls.caCertificates.isEmpty ? nil : tls.caCertificates,
        subjectAltNames: tls.subjectAltNames, alpn: exchange + ["h2", "http/1.1"],
        minimumVersion: version(tls.minProtocolVersion),
        maximumVersion: version(tls.maxProtocolVersion), cipherSuites: tls.cipherSuites))
  }

  private func version(_ version: TLSProtocolVersion) -> GatewayTLS.Version? {
    switch version {
    case .tlsAuto: nil
    case .tls10: .tls10
    case .tls11: .tls11
    case .tls12: .tls12
    case .tls13: .tls13
    }
  }
}
