internal import EnvoyAPI
package import IstioAPI
package import MeshModel
internal import ProtobufWire

/// A route of a virtual host.
package struct HTTPRouteInput: Hashable, Sendable {
  /// A cluster with its share of the requests and the headers that only it sees.
  package struct Destination: Hashable, Sendable {
    package var cluster: String
    package var weight: UInt32
    package var headers: HeaderRules?

    package init(cluster: String, weight: UInt32, headers: HeaderRules? = nil) {
      self.cluster = cluster
      self.weight = weight
      self.headers = headers
    }
  }

  package enum Action: Hashable, Sendable {
    case route(RouteActionInput)
    case redirect(RedirectInput)
    case respond(HTTPDirectResponse)
  }

  package var name: String
  package var match: HTTPMatchRequest?
  package var action: Action
  package var operation = ""
  package var headers: HeaderRules?
  package var fault: HTTPFaultInjection?
  package var cors: CORSPolicy?
  /// The virtual service that the route comes from.
  package var configuration: ConfigKey?

  package init(name: String, match: HTTPMatchRequest? = nil, action: Action) {
    self.name = name
    self.match = match
    self.action = action
  }

  /// The clusters that requests can go to.
  var clusters: [String] {
    guard case .route(let action) = action else { return [] }
    return action.destinations.map(\.cluster) + action.mirrors.map(\.cluster)
  }

  /// Whether every request that gets this far is taken, so that later routes never see one.
  package var isCatchAll: Bool {
    guard let match else { return true }
    guard match.headers.isEmpty, match.withoutHeaders.isEmpty, match.queryParams.isEmpty,
      match.method == nil, match.authority == nil, match.scheme == nil
    else { return false }
    switch match.uri {
    case nil, .unset?: return true
    case .prefix(let prefix)?: return prefix == "/"
    case .regex(let pattern)?: return pattern == ".*"
    case .exact?: return false
    }
  }

  func write(_ route: inout Envoy.Route) {
    route.name(name)
    route.match { RouteMatching.write(match, &$0) }
    switch action {
    case .route(let action): route.route(action.write)
    case .redirect(let redirect): route.redirect(redirect.write)
    case .respond(let response): Self.write(response, &route)
    }
    if let configuration {
      route.metadata { $0.filterMetadata("istio", configuration.istioMetadata) }
    }
    if !operation.isEmpty { route.decorator { $0.operation(operation) } }
    HeaderMutations(headers).write(&route)
    if let cors { CORSFilter.write(cors, &route) }
    if let fault { FaultFilter.write(fault, &route) }
  }

  private static func write(_ response: HTTPDirectResponse, _ route: inout Envoy.Route) {
    route.directResponse {
      $0.status(response.status)
      switch response.body?.specifier {
      case .string(let text)?: $0.body { $0.inlineString(text) }
      case .bytes(let text)?: $0.body { $0.inlineBytes(Base64Text.decode(text)) }
      case nil: break
      }
    }
  }
}
