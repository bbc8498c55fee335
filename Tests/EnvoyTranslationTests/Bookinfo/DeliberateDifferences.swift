import StreamingJSON

extension DeliberateDifference {
  static let all = concise + clusters + listeners + connectionManager + tls + routes

  /// The same in fewer bytes.
  private static let concise: [DeliberateDifference] = [
    .derived(
      "Cluster/*/eds_cluster_config/service_name", "Envoy asks by the cluster's name anyway"
    ) { _, _ in nil },
    .derived(
      "Cluster/*/transport_socket_matches/[tlsMode-disabled]",
      "what matches nothing is reached in plaintext anyway"
    ) { _, _ in nil },
    .removed(
      "ClusterLoadAssignment/*/endpoints/*/lb_endpoints/*/health_status", "HEALTHY",
      "what is not said to be otherwise is healthy"),
    .removed(
      "ClusterLoadAssignment/*/endpoints/*/lb_endpoints/*/load_balancing_weight", 1,
      "what is not said to be otherwise weighs 1"),
    .removed(
      "ClusterLoadAssignment/*/endpoints/*/lb_endpoints/*/metadata/filter_metadata"
        + "/envoy.transport_socket_match", ["tlsMode": "istio"],
      "it stands once, at the locality, where it holds for all of it"),
    .added(
      "ClusterLoadAssignment/*/endpoints/*/metadata",
      ["filter_metadata": ["envoy.transport_socket_match": ["tlsMode": "istio"]]],
      "it stands once, at the locality, where it holds for all of it"),
  ]

  private static let clusters: [DeliberateDifference] = [
    .derived("Cluster/*/alt_stat_name", "istiod names the statistics of every cluster") { path, _ in
      // The quirk of the contract's section 5.9.
      path[1] == "InboundPassthroughCluster"
        ? "PassthroughCluster;" : .string(path[1] + ";")
    },
    .removed(
      "Cluster/*/circuit_breakers/thresholds/[]/track_remaining", true,
      "istiod no longer counts what is left of a limit"),
    .changed(
      "Cluster/*/cleanup_interval", "60s", "9223372035s",
      "istiod keeps the hosts of inbound clusters for good"),
    .added("Cluster/inbound|9080||/common_lb_config", [:], "istiod writes it for every cluster"),
    .added(
      "Cluster/*/common_lb_config/healthy_panic_threshold", [:],
      "istiod now sends unhealthy endpoints, which panic routing would use"),
    .removed(
      "Cluster/*/common_lb_config/locality_weighted_lb_config", [:],
      "istiod now weighs localities only where distribution or failover asks for it"),
    .added(
      "Cluster/*/typed_extension_protocol_options/\(httpOptions)/common_http_protocol_options",
      ["idle_timeout": "300s"], "istiod closes idle passthrough connections"),
    .removed(
      "Cluster/*/typed_extension_protocol_options/\(httpOptions)/use_downstream_protocol_config"
        + "/http2_protocol_options/max_concurrent_streams", 1_073_741_824,
      "istiod leaves the number of streams to Envoy"),
    .added(
      "**/[istio.metadata_exchange]/typed_config/enable_discovery", true,
      "istiod lets proxies learn of peers from the mesh"),
    .derived("Cluster/*/metadata/filter_metadata/istio/default_original_port", "gone in istiod") {
      _, _ in nil
    },
    .derived("**/metadata/filter_metadata/istio/config", "the kinds have the version v1") {
      _, old in old.map(Self.inVersion1)
    },
  ]

  private static let httpOptions = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

  private static func inVersion1(_ path: JSONValue) -> JSONValue {
    .string((path.stringValue ?? "").replacing("/v1alpha3/", with: "/v1/"))
  }

  private static let listeners: [DeliberateDifference] = [
    .derived(
      "Listener/0.0.0.0_9080/listener_filters/[envoy.filters.listener.tls_inspector]",
      "istiod inspects for TLS only where a filter chain asks for a server name"
    ) { _, _ in nil },
    .added(
      "Listener/10.96.0.1_443/continue_on_listener_filters_timeout", true,
      "istiod writes it for every outbound listener"),
    .added(
      "Listener/10.96.0.1_443/listener_filters_timeout", "0s",
      "istiod writes it for every outbound listener"),
    .added(
      "Listener/*/filter_chains/*/transport_socket_connect_timeout", "15s",
      "istiod limits the handshake of every outbound filter chain"),
    .added(
      "Listener/*/max_connections_to_accept_per_socket_event", 1,
      "istiod balances accepted connections over threads"),
    .added(
      "Listener/virtualInbound/listener_filters/[envoy.filters.listener.tls_inspector]"
        + "/typed_config/initial_read_buffer_size", 512, "istiod reads less ahead"),
    .removed(
      "Listener/virtualInbound/filter_chains/*/filter_chain_match/prefix_ranges",
      [["address_prefix": "0.0.0.0", "prefix_len": 0]],
      "istiod has one passthrough for both families of addresses"),
  ]

  private static let manager = "**/[envoy.filters.network.http_connection_manager]/typed_config"
  private static let exchange = "\(manager)/http_filters/[istio.metadata_exchange]/typed_config"
  private static let discovery: JSONValue = [["istio_headers": [:]], ["workload_discovery": [:]]]

  private static let connectionManager: [DeliberateDifference] = [
    .added("\(manager)/proxy_100_continue", true, "istiod forwards 100-continue"),
    .derived("\(manager)/stat_prefix", "istiod ends prefixes with a separator") { _, old in
      old.map { .string(($0.stringValue ?? "") + ";") }
    },
    .added(
      "\(manager)/http_filters/[envoy.filters.http.grpc_stats]",
      [
        "name": "envoy.filters.http.grpc_stats",
        "typed_config": [
          "@type": "type.googleapis.com/envoy.extensions.filters.http.grpc_stats.v3.FilterConfig",
          "emit_filter_state": true, "stats_for_all_methods": false,
        ],
      ], "istiod counts gRPC messages; the recording had its metrics off"),
    .changed(
      "\(exchange)/@type", "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
      "type.googleapis.com/io.istio.http.peer_metadata.Config",
      "the exchange of metadata is a filter of istio-proxy now"),
    .removed(
      "\(exchange)/config",
      [
        "configuration": [
          "@type": "type.googleapis.com/envoy.tcp.metadataexchange.config.MetadataExchange"
        ],
        "vm_config": [
          "code": ["local": ["inline_string": "envoy.wasm.metadata_exchange"]],
          "runtime": "envoy.wasm.runtime.null",
        ],
      ], "the exchange of metadata is a filter of istio-proxy now"),
    .added("\(exchange)/upstream_discovery", discovery, "as above, for outbound requests"),
    .added(
      "\(exchange)/upstream_propagation", [["istio_headers": [:]]],
      "as above, for outbound requests"),
    .added("\(exchange)/downstream_discovery", discovery, "as above, for inbound requests"),
    .added(
      "\(exchange)/downstream_propagation", [["istio_headers": [:]]],
      "as above, for inbound requests"
    ),
    .added(
      "\(manager)/tracing/custom_tags/[istio.cluster_id]",
      ["tag": "istio.cluster_id", "literal": ["value": "Kubernetes"]], "istiod added the tag"),
    .removed(
      "\(manager)/tracing/custom_tags/[istio.canonical_revision]",
      ["tag": "istio.canonical_revision", "literal": ["value": "latest"]],
      "Skein: proxies share listeners, so no tag tells workloads apart"),
    .removed(
      "\(manager)/tracing/custom_tags/[istio.canonical_service]",
      ["tag": "istio.canonical_service", "literal": ["value": "unknown"]],
      "Skein: proxies share listeners, so no tag tells workloads apart"),
    .added(
      "\(manager)/route_config/virtual_hosts/*/routes/[default]/route/retry_policy",
      ["retry_on": "reset-before-request", "num_retries": 2],
      "istiod retries requests that the application has not seen"),
  ]

  private static let parameters = "**/common_tls_context/tls_params"

  private static let tls: [DeliberateDifference] = [
    .added(
      "\(parameters)/cipher_suites",
      [
        "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "AES256-GCM-SHA384",
        "AES128-GCM-SHA256",
      ], "istiod restricts what it accepts inside the mesh"),
    .added(
      "\(parameters)/tls_minimum_protocol_version", "TLSv1_2",
      "istiod restricts what it accepts inside the mesh"),
    .added(
      "\(parameters)/tls_maximum_protocol_version", "TLSv1_3",
      "istiod restricts what it accepts inside the mesh"),
  ]

  private static let routes: [DeliberateDifference] = [
    .added(
      "RouteConfiguration/*/ignore_port_in_host_matching", true,
      "istiod lets Envoy strip ports, and lists no names with ports"),
    .added(
      "RouteConfiguration/*/max_direct_response_body_size_bytes", 1_048_576,
      "istiod allows direct responses up to its own limit"),
    .derived(
      "RouteConfiguration/*/virtual_hosts/*/domains",
      "no names with ports, and the name with a dot at its end"
    ) { _, old in
      var names = (old?.arrayValue ?? []).filter { !($0.stringValue ?? "").contains(":") }
      if let host = names.first?.stringValue { names.insert(.string(host + "."), at: 1) }
      return .array(names)
    },
    .removed(
      "**/routes/*/route/retry_policy/retriable_status_codes", [503],
      "istiod no longer retries by status unless asked"),
  ]
}
