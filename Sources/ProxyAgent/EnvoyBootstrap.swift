internal import GRPCTransport

/// Envoy's bootstrap: the node, the way to the control plane and to the secrets, and nothing that
/// the control plane decides.
package struct EnvoyBootstrap {
  private let configuration: AgentConfiguration

  /// The bootstrap for an agent's configuration.
  package init(_ configuration: AgentConfiguration) {
    self.configuration = configuration
  }

  /// The document as Envoy reads it.
  package var json: String {
    let document: JSONValue = .members([
      "node": NodeDescription(configuration: configuration).json,
      "admin": ["address": address("127.0.0.1", configuration.adminPort)],
      "layered_runtime": runtime, "stats_config": statistics,
      "overload_manager": connectionLimit, "bootstrap_extensions": [internalListeners],
      "dynamic_resources": dynamicResources,
      "static_resources": .members([
        "clusters": .array(clusters),
        "listeners": listeners.isEmpty ? nil : .array(listeners),
      ]),
    ])
    return document.text
  }

  // MARK: Dynamic resources

  private var dynamicResources: JSONValue {
    let ads: JSONValue = [
      "ads": [:], "initial_fetch_timeout": "0s", "resource_api_version": "V3",
    ]
    return [
      "lds_config": ads, "cds_config": ads,
      "ads_config": [
        "api_type": .string(configuration.xds.apiType), "set_node_on_first_message_only": true,
        "transport_api_version": "V3",
        "grpc_services": [["envoy_grpc": ["cluster_name": "xds-grpc"]]],
      ],
    ]
  }

  private func secret(_ name: String) -> JSONValue {
    [
      "name": .string(name),
      "sds_config": [
        "api_config_source": [
          "api_type": "GRPC", "transport_api_version": "V3",
          "set_node_on_first_message_only": true,
          "grpc_services": [["envoy_grpc": ["cluster_name": "sds-grpc"]]],
        ],
        "initial_fetch_timeout": "0s", "resource_api_version": "V3",
      ],
    ]
  }

  // MARK: Clusters

  private var clusters: [JSONValue] {
    [
      staticCluster("prometheus_stats", address("127.0.0.1", configuration.adminPort)),
      staticCluster("agent", address("127.0.0.1", configuration.statusPort)),
      staticCluster(
        "sds-grpc", ["pipe": ["path": .string(configuration.secretSocketPath)]],
        protocolOptions: http2Options(keepalive: nil)),
      discoveryCluster,
    ]
  }

  private func staticCluster(
    _ name: String, _ address: JSONValue, protocolOptions: JSONValue? = nil
  ) -> JSONValue {
    .members([
      "name": .string(name), "alt_stat_name": .string(name + ";"), "type": "STATIC",
      "connect_timeout": "1s", "typed_extension_protocol_options": protocolOptions,
      "load_assignment": loadAssignment(name, address),
    ])
  }

  private var discoveryCluster: JSONValue {
    let endpoint: JSONValue
    var type: JSONValue = "STATIC"
    switch configuration.discoveryAddress {
    case .hostPort(let host, let port):
      endpoint = address(host, port)
      if host.contains(where: { $0.isLetter }), !host.contains(":") {
        type = "STRICT_DNS"
      }
    case .unixSocket(let path):
      endpoint = ["pipe": ["path": .string(path)]]
    }
    let limits: JSONValue = [
      "max_connections": 100_000, "max_pending_requests": 100_000, "max_requests": 100_000,
    ]
    var high: [(key: String, value: JSONValue)] = [("priority", "HIGH")]
    var standard: [(key: String, value: JSONValue)] = [("priority", "DEFAULT")]
    if case .object(let members) = limits {
      high += members
      standard += members
    }
    return [
      "name": "xds-grpc", "alt_stat_name": "xds-grpc;", "type": type, "connect_timeout": "1s",
      "dns_lookup_family": "V4_PREFERRED",
      "load_assignment": loadAssignment("xds-grpc", endpoint),
      "circuit_breakers": ["thresholds": [.object(standard), .object(high)]],
      "upstream_connection_options": ["tcp_keepalive": ["keepalive_time": 300]],
      "typed_extension_protocol_options": http2Options(
        keepalive: ["interval": "30s", "timeout": "10s"]),
      "transport_socket": [
        "name": "envoy.transport_sockets.tls", "typed_config": discoveryTLS,
      ],
    ]
  }

  private var discoveryTLS: JSONValue {
    let name = configuration.verifiedServerName
    let isAddress = !name.contains { $0.isLetter } || name.contains(":")
    let matcher: JSONValue = [
      "san_type": isAddress ? "IP_ADDRESS" : "DNS", "matcher": ["exact": .string(name)],
    ]
    return .members([
      "@type": type("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"),
      "sni": isAddress ? nil : .string(name),
      // A resumed session carries no certificate, and the control plane knows its callers by theirs.
      "max_session_keys": 0,
      "common_tls_context": [
        "alpn_protocols": ["h2"],
        "tls_params": ["tls_minimum_protocol_version": "TLSv1_2"],
        "tls_certificate_sds_secret_configs": [secret("default")],
        "combined_validation_context": [
          "default_validation_context": ["match_typed_subject_alt_names": [matcher]],
          "validation_context_sds_secret_config": secret("ROOTCA"),
        ],
      ],
    ])
  }

  private func loadAssignment(_ name: String, _ address: JSONValue) -> JSONValue {
    [
      "cluster_name": .string(name),
      "endpoints": [["lb_endpoints": [["endpoint": ["address": address]]]]],
    ]
  }

  private func http2Options(keepalive: JSONValue?) -> JSONValue {
    [
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": .members([
        "@type": type("envoy.extensions.upstreams.http.v3.HttpProtocolOptions"),
        "common_http_protocol_options": keepalive.map { _ in
          ["max_requests_per_connection": 1]
        },
        "explicit_http_config": [
          "http2_protocol_options": .members(["connection_keepalive": keepalive])
        ],
      ])
    ]
  }

  // MARK: Listeners

  private var listeners: [JSONValue] {
    var result: [JSONValue] = []
    if configuration.prometheusPort > 0 {
      result.append(
        forwarder(
          port: configuration.prometheusPort, path: "/stats/prometheus",
          cluster: "prometheus_stats"))
    }
    if configuration.readinessListenerPort > 0 {
      result.append(
        forwarder(
          port: configuration.readinessListenerPort, path: "/healthz/ready", cluster: "agent"))
    }
    return result
  }

  /// A listener on every address that passes one path on.
  private func forwarder(port: Int, path: String, cluster: String) -> JSONValue {
    let route: JSONValue = [
      "match": ["path": .string(path)], "route": ["cluster": .string(cluster)],
    ]
    let manager: JSONValue = [
      "@type": type(
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
      "codec_type": "AUTO", "stat_prefix": "stats",
      "route_config": [
        "virtual_hosts": [["name": "backend", "domains": ["*"], "routes": [route]]]
      ],
      "http_filters": [
        [
          "name": "envoy.filters.http.router",
          "typed_config": ["@type": type("envoy.extensions.filters.http.router.v3.Router")],
        ]
      ],
    ]
    return [
      "name": .string("\(configuration.everyAddress)_\(port)"),
      "address": address(configuration.everyAddress, port),
      "traffic_direction": "INBOUND",
      "filter_chains": [
        [
          "filters": [
            [
              "name": "envoy.filters.network.http_connection_manager", "typed_config": manager,
            ]
          ]
        ]
      ],
    ]
  }

  // MARK: Process-wide settings

  private var runtime: JSONValue {
    [
      "layers": [
        [
          "name": "global config",
          "static_layer": [
            "re2.max_program_size.error_level": 32_768,
            "envoy.reloadable_features.http_reject_path_with_fragment": false,
          ],
        ],
        ["name": "admin", "admin_layer": [:]],
      ]
    ]
  }

  private var statistics: JSONValue {
    // Stat names end with ";" so that names with dots can be told from what follows them.
    func tag(_ name: String, _ regex: String) -> JSONValue {
      ["tag_name": .string(name), "regex": .string(regex)]
    }
    let prefixes = [
      "cluster_manager", "listener_manager", "server", "cluster.xds-grpc", "istio", "vhds",
    ]
    let suffixes = ["rbac.allowed", "rbac.denied", "shadow_allowed", "shadow_denied"]
    return .members([
      "use_all_default_tags": false,
      "stats_tags": [
        tag("cluster_name", "^cluster\\.((.+?);\\.)"),
        tag(
          "http_conn_manager_prefix",
          "^http\\.(((?:[_.[:digit:]]*|[_\\[\\]aAbBcCdDeEfF[:digit:]]*)|.+?);\\.)"),
        tag("response_code", "_rq(_(\\d{3}))$"),
        tag("response_code_class", "_rq(_(\\dxx))$"),
      ],
      "stats_matcher": configuration.keepsAllStatistics
        ? nil
        : [
          "inclusion_list": [
            "patterns": .array(
              prefixes.map { ["prefix": .string($0)] } + suffixes.map { ["suffix": .string($0)] })
          ]
        ],
    ])
  }

  /// The number of connections is the workload's affair, not its proxy's.
  private var connectionLimit: JSONValue {
    let package = "envoy.extensions.resource_monitors.downstream_connections.v3"
    return [
      "resource_monitors": [
        [
          "name": "envoy.resource_monitors.global_downstream_max_connections",
          "typed_config": [
            "@type": type("\(package).DownstreamConnectionsConfig"),
            "max_active_downstream_connections": 2_147_483_647,
          ],
        ]
      ]
    ]
  }

  private var internalListeners: JSONValue {
    [
      "name": "envoy.bootstrap.internal_listener",
      "typed_config": [
        "@type": type("envoy.extensions.bootstrap.internal_listener.v3.InternalListener"),
        "buffer_size_kb": 64,
      ],
    ]
  }

  // MARK: Parts

  private func address(_ host: String, _ port: Int) -> JSONValue {
    [
      "socket_address": .members([
        "address": .string(host), "port_value": .number(port),
        "ipv4_compat": host == "::" ? true : nil,
      ])
    ]
  }

  private func type(_ name: String) -> JSONValue { .string("type.googleapis.com/\(name)") }
}
