/// The schema of DestinationRule, field by field; the descriptions are what `kubectl explain` prints.
extension StructuralSchema {
  static let destinationRule: Self = .object(
    [
      "exportTo": .list(.text).about("Visibility."),
      "host": .text.about("Service the policy is for; short name = DR's namespace."),
      "subsets": .list(.subset).about("Named endpoint groups."),
      "trafficPolicy": .trafficPolicy.about("Policy for host."),
      "workloadSelector": .workloadSelector.about(
        "Limit rule to client workloads in same namespace."),
    ], required: ["host"])

  static let subset: Self = .object(
    [
      "labels": .map(.text).about("Endpoint label filter."),
      "name": .text.about("Subset name (goes in cluster name)."),
      "trafficPolicy": .trafficPolicy.about("Policy for the subset."),
    ], required: ["name"])

  static let trafficPolicy: Self = .object(
    [
      "connectionPool": .connectionPool.about("Circuit-breaker and pool limits."),
      "loadBalancer": .loadBalancer.about("LB algorithm block."),
      "outlierDetection": .outlierDetection.about("Passive health ejection."),
      "portLevelSettings": .list(.portLevelSettings, count: ...4096).about(
        "Per-port override, no inheritance of omitted blocks."),
      "proxyProtocol": .proxyProtocol.about("Upstream PROXY protocol."),
      "retryBudget": .retryBudget.about("Concurrent-retry budget."),
      "tls": .clientTLSSettings.about("Upstream TLS origination."),
      "tunnel": .tunnel.about("TCP over HTTP CONNECT/POST (only tcp/tls routes)."),
    ])

  static let tunnel: Self = .object(
    [
      "protocol": .text.about("Method."),
      "targetHost": .text.about("Tunnel target."),
      "targetPort": .unsigned.about("Tunnel port."),
    ], required: ["targetHost", "targetPort"])

  static let retryBudget: Self = .object(
    [
      "budgetInterval": .text.about("Look-back window."),
      "minRetryConcurrency": .unsigned.about("Floor."),
      "percent": .number.about("% of active+pending."),
    ])

  static let proxyProtocol: Self = .object(
    [
      "version": .choice("V1", "V2").about("Version.")
    ])

  static let portLevelSettings: Self = .object(
    [
      "connectionPool": .connectionPool.about("Circuit-breaker and pool limits."),
      "loadBalancer": .loadBalancer.about("LB algorithm block."),
      "outlierDetection": .outlierDetection.about("Passive health ejection."),
      "port": .portSelector.about("Port selector."),
      "tls": .clientTLSSettings.about("Upstream TLS origination."),
    ])

  static let clientTLSSettings: Self = .object(
    [
      "caCertificates": .text.about("CA file path."),
      "caCrl": .text.about("CRL file path."),
      "clientCertificate": .text.about("File path."),
      "credentialName": .text.about(
        "Secret (or `configmap://`) name; gateways, or sidecars when DR has workloadSelector."),
      "insecureSkipVerify": .boolean.about("No verification."),
      "mode": .choice("DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL").about(
        "DISABLE / SIMPLE / MUTUAL / ISTIO_MUTUAL."),
      "privateKey": .text.about("File path."),
      "sni": .text.about("SNI to send."),
      "subjectAltNames": .list(.text).about("SANs to accept."),
    ])

  static let outlierDetection: Self = .object(
    [
      "baseEjectionTime": .duration.about("Ejection base."),
      "consecutive5xxErrors": .unsigned.about("5xx in a row."),
      "consecutiveErrors": .integer.about("Deprecated, ignored."),
      "consecutiveGatewayErrors": .unsigned.about("502/503/504 in a row."),
      "consecutiveLocalOriginFailures": .unsigned.about("Local failures in a row."),
      "interval": .duration.about("Sweep interval."),
      "maxEjectionPercent": .integer.about("Cap on ejected hosts."),
      "minHealthPercent": .integer.about("Panic threshold."),
      "outlierDetectionHttpErrorCodes": .list(.integer(100...599)).about(
        "Which codes count (error matcher; new in 1.31)."),
      "splitExternalLocalOriginErrors": .boolean.about("Count local vs remote errors apart."),
    ])

  static let loadBalancer: Self = .object(
    [
      "backendUtilization": .backendUtilization.about(
        "ORCA-based weighting; in CRD of HEAD, not read by istiod Go code at HEAD."),
      "consistentHash": .consistentHash.about(
        "Hash LB (per-route hash policy + RING_HASH/MAGLEV cluster)."),
      "localityLbSetting": .localityLoadBalancer.about("Locality weights / failover."),
      "simple": .choice(
        "UNSPECIFIED", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST"
      ).about(
        "Named algorithm; LEAST_CONN = deprecated alias; PASSTHROUGH ⇒ ORIGINAL_DST cluster."),
      "warmup": .warmup.about("Slow start (ROUND_ROBIN / LEAST_REQUEST)."),
      "warmupDurationSecs": .duration.about("Deprecated slow-start window."),
      "zoneAwareLbSetting": .zoneAwareLoadBalancer.about(
        "Envoy zone-aware LB (new in 1.31; needs ISTIO_META_ENABLE_SELF_DISCOVERY)."),
    ])

  static let zoneAwareLoadBalancer: Self = .object(
    [
      "enabled": .boolean.about("Switch."),
      "failover": .list(.failover).about("Cross-region order."),
      "failoverPriority": .list(.text).about("Label tiers on top of regions."),
      "minClusterSize": .integer(1...4_294_967_295).about("Min local hosts."),
    ])

  static let warmup: Self = .object(
    [
      "aggression": .number.about("Ramp curve."),
      "duration": .duration.about("Window."),
      "minimumPercent": .number.about("Floor of weight."),
    ], required: ["duration"])

  static let localityLoadBalancer: Self = .object(
    [
      "distribute": .list(.distribute).about("Explicit weights between localities."),
      "enabled": .boolean.about("Switch locality LB."),
      "failover": .list(.failover).about("Region → region failover."),
      "failoverPriority": .list(.text).about(
        "Ordered labels giving priorities (key or key=value)."),
    ])

  static let failover: Self = .object(
    [
      "from": .text.about("Source region."),
      "to": .text.about("Target region."),
    ])

  static let distribute: Self = .object(
    [
      "from": .text.about("Source locality `region/zone/subzone`, trailing `*`."),
      "to": .map(.unsigned).about("Target locality → weight."),
    ])

  static let consistentHash: Self = .object(
    [
      "httpCookie": .httpCookie.about("Hash key = cookie (generated when ttl given)."),
      "httpHeaderName": .text.about("Hash key = header."),
      "httpQueryParameterName": .text.about("Hash key = query parameter."),
      "maglev": .maglev.about("Maglev."),
      "minimumRingSize": .natural.about("Deprecated ring size."),
      "ringHash": .ringHash.about("Ring hash options."),
      "useSourceIp": .boolean.about("Hash key = client IP (also TCP)."),
    ])

  static let ringHash: Self = .object(
    [
      "minimumRingSize": .natural.about("Min ring entries.")
    ])

  static let maglev: Self = .object(
    [
      "tableSize": .natural.about("Table size.")
    ])

  static let httpCookie: Self = .object(
    [
      "attributes": .list(.cookieAttribute).about("Extra Set-Cookie attributes."),
      "name": .text.about("Cookie name."),
      "path": .text.about("Cookie path."),
      "ttl": .text.about("Cookie lifetime; 0s = session cookie."),
    ], required: ["name"])

  static let cookieAttribute: Self = .object(
    [
      "name": .text.about("Attribute name."),
      "value": .text.about("Attribute value."),
    ], required: ["name"])

  static let backendUtilization: Self = .object(
    [
      "errorUtilizationPenaltyPercent": .unsigned.about("Error penalty."),
      "metricNamesForComputingUtilization": .list(.text).about("Custom ORCA metric names."),
      "weightExpirationPeriod": .text.about("Weight expiry."),
      "weightStabilizationPeriod": .text.about("Warm-in."),
      "weightUpdatePeriod": .text.about("Recompute period."),
    ])
}
