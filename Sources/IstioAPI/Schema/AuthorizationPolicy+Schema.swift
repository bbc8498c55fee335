/// The schema of AuthorizationPolicy, field by field; the descriptions are what `kubectl explain` prints.
extension StructuralSchema {
  static let authorizationPolicy: Self = .object(
    [
      "action": .choice("ALLOW", "DENY", "AUDIT", "CUSTOM").about(
        "ALLOW, DENY, AUDIT, CUSTOM; order CUSTOM → DENY → ALLOW."),
      "provider": .subFilter.about("Ext-authz provider."),
      "rules": .list(.authorizationRule, count: ...512).about("OR-list of rules."),
      "selector": .workloadSelector.about("Workloads in scope."),
      "targetRef": .targetReference.about("Hidden single form of targetRefs."),
      "targetRefs": .list(.targetReference, count: ...16).about(
        "Attach to Gateway / GatewayClass / Service / ServiceEntry."),
    ])

  static let authorizationRule: Self = .object(
    [
      "from": .list(.authorizationOrigin, count: ...512).about("Sources (OR)."),
      "to": .list(.authorizationTarget).about("Operations (OR)."),
      "when": .list(.authorizationCondition).about("Extra conditions (AND)."),
    ])

  static let authorizationCondition: Self = .object(
    [
      "key": .text.about(
        "Attribute (request.headers[x], source.ip, remote.ip, source.namespace, source.principal, source.serviceAccount, source.trustDomain, request.auth.principal/audiences/presenter/claims[x], destination.ip/port, connection.sni, experimental.envoy.filters.*[x])."
      ),
      "notValues": .list(.text).about("Negation."),
      "values": .list(.text).about("Allowed."),
    ], required: ["key"])

  static let authorizationTarget: Self = .object(
    [
      "operation": .requestOperation.about("AND of operation fields.")
    ])

  static let requestOperation: Self = .object(
    [
      "hosts": .list(.text).about("Host, case-insensitive."),
      "methods": .list(.text).about("Methods."),
      "notHosts": .list(.text).about("Negation."),
      "notMethods": .list(.text).about("Negation."),
      "notPaths": .list(.text).about("Negation."),
      "notPorts": .list(.text).about("Negation."),
      "paths": .list(.text).about("exact/prefix/suffix/presence or `{*}` `{**}` template."),
      "ports": .list(.text).about("Destination port strings."),
    ])

  static let authorizationOrigin: Self = .object(
    [
      "source": .requestSource.about("AND of source fields.")
    ])

  static let requestSource: Self = .object(
    [
      "ipBlocks": .list(.text).about("Packet source IP/CIDR."),
      "namespaces": .list(.text).about("Peer namespace."),
      "notIpBlocks": .list(.text).about("Negation."),
      "notNamespaces": .list(.text).about("Negation."),
      "notPrincipals": .list(.text).about("Negation."),
      "notRemoteIpBlocks": .list(.text).about("Negation."),
      "notRequestPrincipals": .list(.text).about("Negation."),
      "notServiceAccounts": .list(.text(length: ...320), count: ...16).about("Negation."),
      "notTrustDomains": .list(.text).about("Negation."),
      "principals": .list(.text).about("SPIFFE id without scheme; exact/prefix*/​*suffix/*."),
      "remoteIpBlocks": .list(.text).about("XFF / PROXY source."),
      "requestPrincipals": .list(.text).about("JWT `iss/sub`."),
      "serviceAccounts": .list(.text(length: ...320), count: ...16).about("`[ns/]sa`."),
      "trustDomains": .list(.text).about("Peer trust domain."),
    ])
}
