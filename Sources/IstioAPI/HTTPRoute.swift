package import StreamingJSON

/// One ordered rule for HTTP traffic: what it matches and what happens to a match.
package struct HTTPRoute: Hashable, Sendable {
  /// Route name, shows in access log and Envoy route name.
  package var name: String
  /// OR-list of AND-conditions. Unset: [] (= match all).
  package var match: [HTTPMatchRequest]
  /// Weighted destinations.
  package var route: [HTTPRouteDestination]
  /// Answer with 3xx instead of forwarding.
  package var redirect: HTTPRedirect?
  /// Fixed reply.
  package var directResponse: HTTPDirectResponse?
  /// Hand rule over to another VS (one level, subset of matches).
  package var delegate: Delegate?
  /// Edit path/authority before forwarding.
  package var rewrite: HTTPRewrite?
  /// Request timeout. Unset: none (0s route timeout).
  package var timeout: IstioDuration?
  /// Retry policy; setting it replaces mesh default. Unset: mesh default: 2 attempts,
  /// `connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes`, previous-hosts
  /// predicate, hostSelectionRetryMaxAttempts 5.
  package var retries: HTTPRetry?
  /// Client-side fault injection.
  package var fault: HTTPFaultInjection?
  /// Shadow to one destination.
  package var mirror: Destination?
  /// Shadow to many.
  package var mirrors: [HTTPMirrorPolicy]
  /// Deprecated integer form.
  package var mirrorPercent: UInt32?
  /// Share for `mirror`. Unset: 100 %.
  package var mirrorPercentage: Percent?
  /// CORS filter per route.
  package var corsPolicy: CORSPolicy?
  /// Header edits for all destinations of the rule.
  package var headers: HeaderRules?

  /// Creates a value; what is left out is as if it were not written.
  package init(
    name: String = "",
    match: [HTTPMatchRequest] = [],
    route: [HTTPRouteDestination] = [],
    redirect: HTTPRedirect? = nil,
    directResponse: HTTPDirectResponse? = nil,
    delegate: Delegate? = nil,
    rewrite: HTTPRewrite? = nil,
    timeout: IstioDuration? = nil,
    retries: HTTPRetry? = nil,
    fault: HTTPFaultInjection? = nil,
    mirror: Destination? = nil,
    mirrors: [HTTPMirrorPolicy] = [],
    mirrorPercent: UInt32? = nil,
    mirrorPercentage: Percent? = nil,
    corsPolicy: CORSPolicy? = nil,
    headers: HeaderRules? = nil
  ) {
    self.name = name
    self.match = match
    self.route = route
    self.redirect = redirect
    self.directResponse = directResponse
    self.delegate = delegate
    self.rewrite = rewrite
    self.timeout = timeout
    self.retries = retries
    self.fault = fault
    self.mirror = mirror
    self.mirrors = mirrors
    self.mirrorPercent = mirrorPercent
    self.mirrorPercentage = mirrorPercentage
    self.corsPolicy = corsPolicy
    self.headers = headers
  }
}

extension HTTPRoute: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "name": name = try reader.read()
      case "match": match = try reader.read()
      case "route": route = try reader.read()
      case "redirect": redirect = try reader.read()
      case "directResponse": directResponse = try reader.read()
      case "delegate": delegate = try reader.read()
      case "rewrite": rewrite = try reader.read()
      case "timeout": timeout = try reader.read()
      case "retries": retries = try reader.read()
      case "fault": fault = try reader.read()
      case "mirror": mirror = try reader.read()
      case "mirrors": mirrors = try reader.read()
      case "mirrorPercent", "mirror_percent": mirrorPercent = try reader.read()
      case "mirrorPercentage": mirrorPercentage = try reader.read()
      case "corsPolicy": corsPolicy = try reader.read()
      case "headers": headers = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}
