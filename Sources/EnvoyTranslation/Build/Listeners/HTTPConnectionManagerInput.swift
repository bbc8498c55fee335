internal import EnvoyAPI
package import IstioAPI
internal import ProtobufWire

/// Everything that an HTTP connection manager is made from.
package struct HTTPConnectionManagerInput: Hashable, Sendable {
  /// Where the manager stands, which decides most of its options.
  package enum Role: Hashable, Sendable {
    case sidecarOutbound
    case sidecarInbound
    case gateway
  }

  package enum Routes: Hashable, Sendable {
    /// A route configuration that is discovered by name.
    case discovered(String)
    case inline(InboundRouteInput)
  }

  package var role: Role
  package var statPrefix: String
  package var routes: Routes
  package var dialect: Dialect
  /// Whether the port speaks HTTP/2 only.
  package var isHTTP2 = false
  package var isGRPCWeb = false
  package var normalizesPath = true
  package var mergesSlashes = false
  package var unescapesSlashes = false
  package var tracing: TracingInput?
  package var accessLog: AccessLogInput?
  package var idleTimeout: IstioDuration?
  package var acceptsHTTP10 = false
  package var trustedHops: UInt32 = 0
  /// Whether an absolute URL is taken, as a forward proxy's clients send it.
  package var isForwardProxy = false

  package init(role: Role, statPrefix: String, routes: Routes, dialect: Dialect) {
    self.role = role
    self.statPrefix = statPrefix
    self.routes = routes
    self.dialect = dialect
  }

  var clusters: [String] {
    if case .inline(let route) = routes { [route.cluster] } else { [] }
  }

  func write(_ manager: inout Envoy.HttpConnectionManager) {
    manager.statPrefix(statPrefix)
    writeRoutes(&manager)
    writeFilters(&manager)
    tracing.map { tracing in manager.tracing(tracing.write) }
    if let idleTimeout { manager.commonHttpProtocolOptions { $0.idleTimeout(idleTimeout.wire) } }
    if acceptsHTTP10 || role == .gateway || isForwardProxy {
      manager.httpProtocolOptions {
        if isForwardProxy { $0.allowAbsoluteUrl(true) }
        if acceptsHTTP10 { $0.acceptHttp10(true) }
      }
    }
    if isHTTP2, role == .sidecarInbound { manager.http2ProtocolOptions() }
    if role != .sidecarOutbound { manager.serverName("istio-envoy") }
    manager.streamIdleTimeout(.zero)
    accessLog.map { log in manager.accessLog(log.write) }
    manager.useRemoteAddress(role == .gateway)
    if role == .gateway { manager.xffNumTrustedHops(trustedHops) }
    writeClientCertificate(&manager)
    manager.proxy100Continue(true)
    manager.upgradeConfigs { $0.upgradeType("websocket") }
    manager.normalizePath(normalizesPath)
    if mergesSlashes { manager.mergeSlashes(true) }
    manager.pathWithEscapedSlashesAction(
      unescapesSlashes ? .unescapeAndForward : .keepUnchanged)
    manager.requestIdExtension(encoded: Self.requestID)
  }

  private static let requestID = Envoy.RequestIDExtension.encode {
    $0.typedConfig(Envoy.UuidRequestIdConfig.self) { $0.useRequestIdForTraceSampling(true) }
  }

  private func writeRoutes(_ manager: inout Envoy.HttpConnectionManager) {
    switch routes {
    case .discovered(let name):
      manager.rds {
        $0.configSource(encoded: ConfigSources.aggregated)
        $0.routeConfigName(name)
      }
    case .inline(let route): manager.routeConfig(route.write)
    }
  }

  /// The filters in Istio's order (contract §6.6).
  private func writeFilters(_ manager: inout Envoy.HttpConnectionManager) {
    if dialect == .istioProxy {
      manager.httpFilters(encoded: MetadataExchange.httpFilter(role == .sidecarInbound))
    }
    if isGRPCWeb { manager.httpFilters(encoded: GRPCFilters.web) }
    manager.httpFilters(encoded: GRPCFilters.statistics)
    if dialect == .istioProxy, role != .sidecarInbound {
      manager.httpFilters(encoded: IstioALPNFilter.filter)
    }
    manager.httpFilters(encoded: FaultFilter.filter)
    manager.httpFilters(encoded: CORSFilter.filter)
    manager.httpFilters(encoded: RouterFilter.filter)
  }

  private func writeClientCertificate(_ manager: inout Envoy.HttpConnectionManager) {
    switch role {
    case .sidecarOutbound: break
    case .sidecarInbound:
      manager.forwardClientCertDetails(.appendForward)
      manager.setCurrentClientCertDetails {
        $0.subject(true)
        $0.dns(true)
        $0.uri(true)
      }
    case .gateway:
      manager.forwardClientCertDetails(.sanitizeSet)
      manager.setCurrentClientCertDetails {
        $0.subject(true)
        $0.cert(true)
        $0.dns(true)
        $0.uri(true)
      }
    }
  }
}
