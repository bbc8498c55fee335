internal import IstioAPI
internal import MeshModel

/// Plans the routes of a virtual service, or the default route of a host (contract §8).
struct RoutePlanner {
  var scope: OutboundScope
  var viewpoint: RouteViewpoint

  /// The port of the listener, which is where a destination without a port leads.
  var port: UInt32 { viewpoint.port }

  /// The route of a service without a virtual service.
  func standardRoute(
    _ service: MeshService, _ servicePort: MeshServicePort, _ reader: inout SnapshotReader
  ) -> HTTPRouteInput {
    let host = service.resolution == .alias ? service.aliasTarget : service.hostname
    let cluster = ClusterName.outbound(servicePort.number, "", host)
    let hash = hashPolicies(service, servicePort.number, subset: "", &reader)
    var action = RouteActionInput(destinations: [.init(cluster: cluster, weight: 1)])
    action.retry = defaultRetry(hash, &reader)
    action.hashPolicies = hash
    var route = HTTPRouteInput(name: "default", action: .route(action))
    route.operation = "\(service.hostname):\(servicePort.number)/*"
    return route
  }

  /// The routes of a virtual service, up to the first that takes everything.
  func routes(
    _ virtualService: Configuration<VirtualService>, _ reader: inout SnapshotReader
  ) -> [HTTPRouteInput] {
    var routes: [HTTPRouteInput] = []
    for http in virtualService.spec.http {
      if http.match.isEmpty {
        if let route = route(http, nil, virtualService, &reader) {
          routes.append(route)
          if route.isCatchAll { return routes }
        }
        continue
      }
      for match in http.match
      where viewpoint.allows(match, owner: virtualService.key.namespace, &reader) {
        guard let route = route(http, match, virtualService, &reader) else { continue }
        routes.append(route)
        if route.isCatchAll { return routes }
      }
    }
    return routes
  }

  private func route(
    _ http: HTTPRoute, _ match: HTTPMatchRequest?,
    _ virtualService: Configuration<VirtualService>, _ reader: inout SnapshotReader
  ) -> HTTPRouteInput? {
    guard let action = action(http, virtualService, &reader) else { return nil }
    var name = http.name
    if let own = match?.name, !own.isEmpty { name = name.isEmpty ? own : "\(name).\(own)" }
    var route = HTTPRouteInput(name: name, match: match, action: action)
    route.operation = operation(http, match, virtualService)
    route.headers = http.headers
    route.fault = http.fault
    route.cors = http.corsPolicy
    route.configuration = virtualService.key
    return route
  }

  private func operation(
    _ http: HTTPRoute, _ match: HTTPMatchRequest?, _ virtualService: Configuration<VirtualService>
  ) -> String {
    let path: String =
      switch match?.uri {
      case .exact(let text)?, .regex(let text)?: text
      case .prefix(let text)?: text + "*"
      case .unset?, nil: "/*"
      }
    guard http.route.count == 1, let destination = http.route.first?.destination else {
      return "\(virtualService.key.name):\(port)\(path)"
    }
    let host = HostPattern.resolve(
      destination.host, namespace: virtualService.key.namespace, clusterDomain: clusterDomain)
    return "\(host):\(destination.port?.number ?? port)\(path)"
  }

  private var clusterDomain: String {
    scope.searchSuffix.isEmpty
      ? "cluster.local" : String(scope.searchSuffix.dropFirst(".svc.".utf8.count))
  }

  private func action(
    _ http: HTTPRoute, _ virtualService: Configuration<VirtualService>,
    _ reader: inout SnapshotReader
  ) -> HTTPRouteInput.Action? {
    if let redirect = http.redirect {
      return .redirect(RedirectInput(redirect: redirect, port: redirectPort(redirect)))
    }
    if let response = http.directResponse { return .respond(response) }
    let owner = virtualService.key.namespace
    var destinations: [HTTPRouteInput.Destination] = []
    var hash: [HashPolicyInput] = []
    for weighted in http.route {
      // One destination needs no weight; of several, those without one take nothing.
      guard http.route.count == 1 || weighted.weight > 0, let target = weighted.destination else {
        continue
      }
      let resolved = DestinationResolution.resolve(target, owner: owner, scope, port, &reader)
      destinations.append(
        .init(
          cluster: resolved.cluster, weight: UInt32(clamping: max(weighted.weight, 1)),
          headers: weighted.headers))
      if hash.isEmpty, let service = resolved.service {
        hash = hashPolicies(service, resolved.port, subset: target.subset, &reader)
      }
    }
    guard !destinations.isEmpty else { return nil }
    var action = RouteActionInput(destinations: destinations)
    action.timeout = http.timeout
    action.hashPolicies = hash
    if let retries = http.retries {
      action.retry = RetryInput.from(retries, avoidsPreviousHosts: hash.isEmpty)
    } else {
      action.retry = defaultRetry(hash, &reader)
    }
    action.rewrite = http.rewrite
    action.hostRewrite = HeaderMutations(http.headers).host
    action.mirrors = mirrors(http, owner: owner, &reader)
    return .route(action)
  }

  private func redirectPort(_ redirect: HTTPRedirect) -> UInt32? {
    switch redirect.redirectPort {
    case .port(let number)?: number
    case .derivePort(.fromRequestPort)?: port
    case .derivePort(.fromProtocolDefault)?, nil: nil
    }
  }

  private func mirrors(
    _ http: HTTPRoute, owner: String, _ reader: inout SnapshotReader
  ) -> [RouteActionInput.Mirror] {
    var mirrors: [RouteActionInput.Mirror] = []
    var targets = http.mirrors.map { ($0.destination, $0.percentage?.value) }
    if let single = http.mirror {
      let percentage = http.mirrorPercentage?.value ?? http.mirrorPercent.map(Double.init)
      targets = [(single, percentage)]
    }
    for (destination, percentage) in targets {
      guard let destination, percentage != 0 else { continue }
      let resolved = DestinationResolution.resolve(destination, owner: owner, scope, port, &reader)
      mirrors.append(.init(cluster: resolved.cluster, percentage: percentage))
    }
    return mirrors
  }

  private func defaultRetry(
    _ hash: [HashPolicyInput], _ reader: inout SnapshotReader
  ) -> RetryInput? {
    guard let mesh = reader.meshConfig().defaultHttpRetryPolicy else {
      return .standard(avoidsPreviousHosts: hash.isEmpty)
    }
    return RetryInput.from(mesh, avoidsPreviousHosts: hash.isEmpty)
  }

  private func hashPolicies(
    _ service: MeshService, _ port: UInt32, subset: String, _ reader: inout SnapshotReader
  ) -> [HashPolicyInput] {
    let rule = DestinationRuleResolution.resolve(service, &reader)
    let policy = rule.policy(port: port, subset: rule.subsets.first { $0.name == subset })
    guard case .consistentHash(let hash)? = policy.loadBalancer?.policy else { return [] }
    return HashPolicyInput(hash.hashKey).map { [$0] } ?? []
  }
}

/// Finds the cluster that a destination of a virtual service means.
enum DestinationResolution {
  struct Resolved {
    var cluster: String
    var port: UInt32
    var service: MeshService?
  }

  static func resolve(
    _ destination: Destination, owner: String, _ scope: OutboundScope, _ listenerPort: UInt32,
    _ reader: inout SnapshotReader
  ) -> Resolved {
    let host = HostPattern.resolve(
      destination.host, namespace: owner, clusterDomain: reader.clusterDomain)
    let service = service(ofHost: host, &reader)
    let port =
      destination.port?.number
      ?? (service?.ports.count == 1 ? service?.ports.first?.number : nil) ?? listenerPort
    let target = service?.resolution == .alias ? service?.aliasTarget ?? host : host
    return Resolved(
      cluster: ClusterName.outbound(port, destination.subset, target), port: port,
      service: service)
  }

  /// The visible service of a host, the viewer's own first.
  private static func service(
    ofHost host: String, _ reader: inout SnapshotReader
  ) -> MeshService? {
    var visible: [MeshService] = []
    for service in reader.services(ofHost: host) where reader.isVisible(service) {
      visible.append(service)
    }
    guard visible.count > 1 else { return visible.first }
    for service in visible where reader.isOwn(service.id.namespace) { return service }
    return visible.first
  }
}
