/// The schema of VirtualService, field by field; the descriptions are what `kubectl explain` prints.
extension StructuralSchema {
  static let virtualService: Self = .object(
    [
      "exportTo": .list(.text).about("Namespaces that may see the VS: `.`, `*`, or names."),
      "gateways": .list(.text).about(
        "Which Gateways (`ns/name`) and/or sidecars (`mesh`) take the routes."),
      "hosts": .list(.text).about(
        "FQDN, short name (resolved in the VS's own namespace), left-wildcard, or IP (gateways only) this rule set answers for."
      ),
      "http": .list(.httpRouteRule).about("Ordered L7 rules; first match wins."),
      "tcp": .list(.tcpRouteRule).about("Opaque TCP rules."),
      "tls": .list(.tlsRouteRule).about("SNI rules for un-terminated TLS."),
    ])

  static let tlsRouteRule: Self = .object(
    [
      "match": .list(.tlsMatch).about("SNI conditions."),
      "route": .list(.routeDestination).about("Weighted TCP destinations."),
    ], required: ["match"])

  static let tlsMatch: Self = .object(
    [
      "destinationSubnets": .list(.text).about("Destination IP/CIDR conditions."),
      "gateways": .list(.text).about("Gateway override."),
      "port": .unsigned.about("Service port."),
      "sniHosts": .list(.text).about("SNI names, left wildcard ok."),
      "sourceLabels": .map(.text).about("Client workload selector."),
      "sourceNamespace": .text.about("Client namespace selector."),
    ], required: ["sniHosts"])

  static let tcpRouteRule: Self = .object(
    [
      "match": .list(.tcpMatch).about("L4 conditions."),
      "route": .list(.routeDestination).about("Weighted destinations."),
    ])

  static let routeDestination: Self = .object(
    [
      "destination": .destination.about("Target."),
      "weight": .integer.about("Share."),
    ], required: ["destination"])

  static let tcpMatch: Self = .object(
    [
      "destinationSubnets": .list(.text).about("Destination IP/CIDR."),
      "gateways": .list(.text).about("Gateway override."),
      "port": .unsigned.about("Service port."),
      "sourceLabels": .map(.text).about("Client workload selector."),
      "sourceNamespace": .text.about("Client namespace selector."),
      "sourceSubnet": .text.about("Hidden; not read by istiod at HEAD."),
    ])

  static let httpRouteRule: Self = .object(
    [
      "corsPolicy": .corsPolicy.about("CORS filter per route."),
      "delegate": .delegate.about("Hand rule over to another VS (one level, subset of matches)."),
      "directResponse": .directResponse.about("Fixed reply."),
      "fault": .fault.about("Client-side fault injection."),
      "headers": .httpHeaders.about("Header edits for all destinations of the rule."),
      "match": .list(.httpMatch).about("OR-list of AND-conditions."),
      "mirror": .destination.about("Shadow to one destination."),
      "mirror_percent": .unsigned.about(
        "Snake-case alias kept in the CRD for the same deprecated field."),
      "mirrorPercent": .unsigned.about("Deprecated integer form."),
      "mirrorPercentage": .percentage.about("Share for `mirror`."),
      "mirrors": .list(.mirrorPolicy).about("Shadow to many."),
      "name": .text.about("Route name, shows in access log and Envoy route name."),
      "redirect": .redirect.about("Answer with 3xx instead of forwarding."),
      "retries": .retries.about("Retry policy; setting it replaces mesh default."),
      "rewrite": .rewrite.about("Edit path/authority before forwarding."),
      "route": .list(.httpRouteDestination).about("Weighted destinations."),
      "timeout": .duration.about("Request timeout."),
    ])

  static let httpRouteDestination: Self = .object(
    [
      "destination": .destination.about("Target service/subset/port."),
      "headers": .httpHeaders.about("Header edits for this destination only."),
      "weight": .integer.about("Share = weight ÷ sum."),
    ], required: ["destination"])

  static let rewrite: Self = .object(
    [
      "authority": .text.about("New Host."),
      "uri": .text.about("Full path (exact match) or prefix replacement."),
      "uriRegexRewrite": .uriRegexRewrite.about("RE2 replace."),
    ])

  static let uriRegexRewrite: Self = .object(
    [
      "match": .text.about("RE2 pattern."),
      "rewrite": .text.about("Replacement with \\1 groups."),
    ])

  static let retries: Self = .object(
    [
      "attempts": .integer.about("Number of retries."),
      "backoff": .duration.about("Base back-off interval."),
      "perTryTimeout": .duration.about("Per-attempt timeout."),
      "retryIgnorePreviousHosts": .boolean.about("Skip hosts already tried."),
      "retryOn": .text.about("Comma list of Envoy retry conditions and/or HTTP codes."),
      "retryRemoteLocalities": .boolean.about(
        "Allow retry into other locality priorities (previous_priorities, updateFrequency 2)."),
    ])

  static let redirect: Self = .object(
    [
      "authority": .text.about("Replaces Host."),
      "derivePort": .choice("FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT").about(
        "Port from scheme default or from request."),
      "port": .unsigned.about("Explicit port."),
      "prefixRewrite": .text.about("Replaces only the matched prefix."),
      "redirectCode": .unsigned.about("Status code."),
      "scheme": .text.about("New scheme."),
      "uri": .text.about("Replaces whole path."),
    ])

  static let mirrorPolicy: Self = .object(
    [
      "destination": .destination.about("Shadow target."),
      "percentage": .percentage.about("Share mirrored."),
    ], required: ["destination"])

  static let httpMatch: Self = .object(
    [
      "authority": .stringMatch.about("Host/:authority condition."),
      "gateways": .list(.text).about("Per-match override of bound gateways."),
      "headers": .map(.stringMatch).about(
        "Header conditions; `{}` value = presence; `@request.auth.claims.*` = JWT-claim routing (gateway only)."
      ),
      "ignoreUriCase": .boolean.about(
        "Case-insensitive exact/prefix path match (regex unaffected)."),
      "method": .stringMatch.about("HTTP method condition."),
      "name": .text.about("Appended to route name."),
      "port": .unsigned.about("Service port that must be addressed."),
      "queryParams": .map(.stringMatch).about("Query-string conditions."),
      "scheme": .stringMatch.about("`:scheme` condition."),
      "sourceLabels": .map(.text).about(
        "Apply rule only to client workloads with these labels (selector, not runtime match; needs `mesh`)."
      ),
      "sourceNamespace": .text.about("Apply only to clients of that namespace."),
      "statPrefix": .text.about("Envoy `route.<prefix>.*` stats."),
      "uri": .stringMatch.about("Path condition; empty prefix allowed."),
      "withoutHeaders": .map(.stringMatch).about(
        "Inverted header conditions (regex `*` means presence)."),
    ])

  static let httpHeaders: Self = .object(
    [
      "request": .headerOperations.about("Request header edits."),
      "response": .headerOperations.about("Response header edits."),
    ])

  static let headerOperations: Self = .object(
    [
      "add": .map(.text).about("Append headers."),
      "remove": .list(.text).about("Delete headers."),
      "set": .map(.text).about("Overwrite headers."),
    ])

  static let fault: Self = .object(
    [
      "abort": .abort.about("Error injection."),
      "delay": .delay.about("Latency injection."),
    ])

  static let delay: Self = .object(
    [
      "exponentialDelay": .duration.about("Never implemented."),
      "fixedDelay": .duration.about("Delay length."),
      "percent": .integer.about("Deprecated integer percent."),
      "percentage": .percentage.about("Share delayed."),
    ])

  static let abort: Self = .object(
    [
      "grpcStatus": .text.about("gRPC status name (UPPER_SNAKE)."),
      "http2Error": .text.about("Never implemented."),
      "httpStatus": .integer.about("HTTP code to return."),
      "percentage": .percentage.about("Share aborted."),
    ])

  static let percentage: Self = .object(
    [
      "value": .number.about("Double percent.")
    ])

  static let directResponse: Self = .object(
    [
      "body": .body.about("Reply body (one of string/bytes)."),
      "status": .unsigned.about("Status code."),
    ], required: ["status"])

  static let body: Self = .object(
    [
      "bytes": .text.about("Base64 body."),
      "string": .text.about("Text body."),
    ])

  static let delegate: Self = .object(
    [
      "name": .text.about("Delegate VS name."),
      "namespace": .text.about("Delegate VS namespace."),
    ])

  static let corsPolicy: Self = .object(
    [
      "allowCredentials": .boolean.about("Credentials flag."),
      "allowHeaders": .list(.text).about("Access-Control-Allow-Headers."),
      "allowMethods": .list(.text).about("Access-Control-Allow-Methods."),
      "allowOrigin": .list(.text).about("Deprecated exact list."),
      "allowOrigins": .list(.stringMatch).about("Matchers of allowed origins."),
      "exposeHeaders": .list(.text).about("Access-Control-Expose-Headers."),
      "maxAge": .duration.about("Preflight cache."),
      "unmatchedPreflights": .choice("UNSPECIFIED", "FORWARD", "IGNORE").about(
        "Whether unmatched preflight goes upstream."),
    ])

  static let stringMatch: Self = .object(
    [
      "exact": .text.about("Equal."),
      "prefix": .text.about("Starts with."),
      "regex": .text.about("RE2 full match."),
    ])
}
