internal import EnvoyAPI
internal import IstioAPI
internal import ProtobufWire

/// `envoy.filters.http.cors`, configured per route.
enum CORSFilter {
  static let name = "envoy.filters.http.cors"

  static let filter = Envoy.HttpFilter.encode {
    $0.name(name)
    $0.typedConfig(Envoy.Cors.self)
  }

  /// Writes the policy of a route.
  static func write(_ policy: CORSPolicy, _ route: inout Envoy.Route) {
    route.typedPerFilterConfig(name, Envoy.CorsPolicy.self) { cors in
      for origin in policy.allowOrigins {
        cors.allowOriginStringMatch { StringMatching.write(origin, &$0) }
      }
      for origin in policy.allowOrigin { cors.allowOriginStringMatch { $0.exact(origin) } }
      cors.allowMethods(policy.allowMethods.joined(separator: ","))
      cors.allowHeaders(policy.allowHeaders.joined(separator: ","))
      cors.exposeHeaders(policy.exposeHeaders.joined(separator: ","))
      if let age = policy.maxAge { cors.maxAge(String(age.seconds)) }
      if let credentials = policy.allowCredentials { cors.allowCredentials(credentials) }
      cors.filterEnabled { $0.defaultValue { $0.numerator(100) } }
      if policy.unmatchedPreflights != .ignore { cors.forwardNotMatchingPreflights(true) }
    }
  }
}
