/// The schema of EnvoyFilter, field by field; the descriptions are what `kubectl explain` prints.
extension StructuralSchema {
  static let envoyFilter: Self = .object(
    [
      "configPatches": .list(.configPatch).about("Patches."),
      "priority": .integer.about("order: priority, creation time, name."),
      "targetRefs": .list(.targetReference, count: ...16).about(
        "Attach to Gateway / GatewayClass / Service / ServiceEntry."),
      "workloadSelector": .labelSelector.about("Proxies to patch."),
    ])

  static let configPatch: Self = .object(
    [
      "applyTo": .choice(
        "INVALID", "LISTENER", "FILTER_CHAIN", "NETWORK_FILTER", "HTTP_FILTER",
        "ROUTE_CONFIGURATION", "VIRTUAL_HOST", "HTTP_ROUTE", "CLUSTER", "EXTENSION_CONFIG",
        "BOOTSTRAP", "LISTENER_FILTER"
      ).about("Object kind to patch (11 kinds)."),
      "match": .patchMatch.about("Selector of generated object."),
      "patch": .patch.about("Change."),
    ])

  static let patch: Self = .object(
    [
      "filterClass": .choice("UNSPECIFIED", "AUTHN", "AUTHZ", "STATS").about(
        "AUTHN / AUTHZ / STATS placement for ADD."),
      "operation": .choice(
        "INVALID", "MERGE", "ADD", "REMOVE", "INSERT_BEFORE", "INSERT_AFTER", "INSERT_FIRST",
        "REPLACE", "MERGE_AND_REPLACE_LIST"
      ).about(
        "MERGE, ADD, REMOVE, INSERT_BEFORE/AFTER/FIRST, REPLACE, MERGE_AND_REPLACE_LIST (1.31)."),
      "value": .anything.about("JSON of Envoy proto."),
    ])

  static let patchMatch: Self = .object(
    [
      "cluster": .clusterMatch.about("Cluster match."),
      "context": .choice("ANY", "SIDECAR_INBOUND", "SIDECAR_OUTBOUND", "GATEWAY", "WAYPOINT").about(
        "SIDECAR_INBOUND / SIDECAR_OUTBOUND / GATEWAY / WAYPOINT."),
      "listener": .listenerMatch.about("Listener match."),
      "proxy": .proxyMatch.about("Proxy conditions."),
      "routeConfiguration": .routeConfiguration.about("RDS match."),
      "waypoint": .waypoint.about("Waypoint match."),
    ])

  static let waypoint: Self = .object(
    [
      "filter": .filterMatch.about("Filter."),
      "portNumber": .unsigned.about("Port."),
      "route": .subFilter.about("Route."),
    ])

  static let routeConfiguration: Self = .object(
    [
      "gateway": .text.about("`ns/name`."),
      "name": .text.about("RDS name."),
      "portName": .text.about("Gateway port name."),
      "portNumber": .unsigned.about("Port."),
      "vhost": .virtualHostMatch.about("Vhost match."),
    ])

  static let virtualHostMatch: Self = .object(
    [
      "domainName": .text.about("Domain served."),
      "name": .text.about("`host:port`."),
      "route": .routeMatch.about("Route match."),
    ])

  static let routeMatch: Self = .object(
    [
      "action": .choice("ANY", "ROUTE", "REDIRECT", "DIRECT_RESPONSE").about(
        "ROUTE / REDIRECT / DIRECT_RESPONSE."),
      "name": .text.about("Route name."),
    ])

  static let proxyMatch: Self = .object(
    [
      "metadata": .map(.text).about("Exact node metadata."),
      "proxyVersion": .text.about("RE2 on ISTIO_VERSION."),
    ])

  static let listenerMatch: Self = .object(
    [
      "filterChain": .filterChainMatch.about("Chain match."),
      "listenerFilter": .text.about("Listener filter name."),
      "name": .text.about("Listener name."),
      "portName": .text.about("Hidden, not implemented."),
      "portNumber": .unsigned.about("service/gateway port."),
    ])

  static let filterChainMatch: Self = .object(
    [
      "applicationProtocols": .text.about("ALPN list."),
      "destinationPort": .unsigned.about("Chain's destination port."),
      "filter": .filterMatch.about("Network filter."),
      "name": .text.about("Chain name."),
      "sni": .text.about("SNI."),
      "transportProtocol": .text.about("Raw_buffer / tls."),
      "transportSocket": .text.about(
        "Transport socket name (in CRD at HEAD; matching code not found at HEAD)."),
    ])

  static let filterMatch: Self = .object(
    [
      "name": .text.about("Filter name."),
      "subFilter": .subFilter.about("HTTP filter inside HCM."),
    ])

  static let clusterMatch: Self = .object(
    [
      "name": .text.about("Exact cluster name."),
      "portNumber": .unsigned.about("Port (target port for inbound)."),
      "service": .text.about("FQDN."),
      "subset": .text.about("Subset."),
    ])
}
