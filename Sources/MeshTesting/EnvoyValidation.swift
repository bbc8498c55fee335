internal import EnvoyAPI
package import StreamingJSON
package import XDSProtocol

/// Resources as one static configuration that `envoy --mode validate` can judge.
package enum EnvoyValidation {
  /// Extensions that only istio-proxy has, which stock Envoy cannot judge.
  private static let istioFilters: Set<String> = ["istio.alpn", "istio.metadata_exchange"]

  /// A bootstrap with the resources of a proxy: routes, virtual hosts and endpoints in their places.
  package static func bootstrap(_ state: ResourceState) -> JSONValue {
    var endpoints: [String: JSONValue] = [:]
    for resource in state.all(.endpoints) { endpoints[resource.name] = json(resource) }
    var routes: [String: JSONValue] = [:]
    for resource in state.all(.route) {
      routes[resource.name] = route(json(resource), resource.name, state)
    }
    let secrets = state.all(.secret).sorted { $0.name < $1.name }
    let names = Set(secrets.map(\.name))
    let clusters = state.all(.cluster).sorted { $0.name < $1.name }
      .map { withLocalSecrets(cluster(json($0), endpoints[$0.name]), names) }
    let listeners = state.all(.listener).sorted { $0.name < $1.name }
      .map { withLocalSecrets(inlined(json($0), routes), names) }
    return [
      "node": ["id": "validation", "cluster": "validation"],
      "static_resources": [
        "clusters": .array(clusters + [agent]), "listeners": .array(listeners),
        "secrets": .array(
          secrets.map {
            MessagePrinter.json(
              $0.payload, type: typeName(.secret), showsPrivateKeys: true)
          }),
      ],
      "layered_runtime": [
        "layers": [
          ["name": "s", "static_layer": ["re2.max_program_size.error_level": 32768]]
        ]
      ],
    ]
  }

  /// The JSON of a resource.
  package static func json(_ resource: EncodedResource) -> JSONValue {
    MessagePrinter.json(resource.payload, type: typeName(resource.type))
  }

  private static func typeName(_ type: ResourceType) -> String {
    String(type.typeURL.split(separator: "/").last ?? "")
  }

  private static let agent: JSONValue = [
    "name": "sds-grpc", "type": "STATIC", "connect_timeout": "1s",
    "typed_extension_protocol_options": [
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": [
        "@type":
          "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": ["http2_protocol_options": [:]],
      ]
    ],
    "load_assignment": [
      "cluster_name": "sds-grpc",
      "endpoints": [
        [
          "lb_endpoints": [
            ["endpoint": ["address": ["pipe": ["path": "/nonexistent/sds"]]]]
          ]
        ]
      ],
    ],
  ]

  /// Secrets that a stream would deliver stand beside the resources; others come from the agent, for
  /// there is no stream.
  private static func withLocalSecrets(_ value: JSONValue, _ names: Set<String>) -> JSONValue {
    switch value {
    case .array(let elements): return .array(elements.map { withLocalSecrets($0, names) })
    case .object(let object):
      var result = JSONObject()
      for (key, member) in object {
        if key == "sds_config" {
          if case .string(let name)? = object["name"], names.contains(name) { continue }
          result[key] = agentSecrets
        } else {
          result[key] = withLocalSecrets(member, names)
        }
      }
      return .object(result)
    default: return value
    }
  }

  private static let agentSecrets: JSONValue = [
    "resource_api_version": "V3",
    "api_config_source": [
      "api_type": "GRPC", "transport_api_version": "V3",
      "grpc_services": [["envoy_grpc": ["cluster_name": "sds-grpc"]]],
    ],
  ]

  private static func route(
    _ route: JSONValue, _ name: String, _ state: ResourceState
  ) -> JSONValue {
    guard case .object(var object) = route, object["vhds"] != nil else { return route }
    object["vhds"] = nil
    object["virtual_hosts"] = .array(
      state.virtualHosts(of: name).sorted { $0.name < $1.name }.map(json))
    return .object(object)
  }

  private static func cluster(_ cluster: JSONValue, _ endpoints: JSONValue?) -> JSONValue {
    guard case .object(var object) = withoutIstioFilters(cluster) else {
      return cluster
    }
    if object["eds_cluster_config"] != nil {
      object["eds_cluster_config"] = nil
      object["type"] = "STATIC"
      object["load_assignment"] = endpoints ?? ["cluster_name": object["name"] ?? "x"]
    }
    return .object(object)
  }

  private static func inlined(_ listener: JSONValue, _ routes: [String: JSONValue]) -> JSONValue {
    withRoutes(withoutIstioFilters(listener), routes)
  }

  private static func withRoutes(_ value: JSONValue, _ routes: [String: JSONValue]) -> JSONValue {
    switch value {
    case .array(let elements): return .array(elements.map { withRoutes($0, routes) })
    case .object(let object):
      var result = JSONObject()
      for (key, member) in object {
        if key == "rds", case .object(let rds) = member,
          case .string(let name)? = rds["route_config_name"]
        {
          result["route_config"] = routes[name] ?? ["name": .string(name)]
        } else {
          result[key] = withRoutes(member, routes)
        }
      }
      return .object(result)
    default: return value
    }
  }

  private static func withoutIstioFilters(_ value: JSONValue) -> JSONValue {
    switch value {
    case .array(let elements):
      return .array(
        elements.filter { element in
          guard case .object(let object) = element, case .string(let name)? = object["name"] else {
            return true
          }
          return !istioFilters.contains(name)
        }.map(withoutIstioFilters))
    case .object(let object):
      var result = JSONObject()
      for (key, member) in object {
        let stripped = withoutIstioFilters(member)
        if case .array(let left) = stripped, left.isEmpty { continue }
        result[key] = stripped
      }
      return .object(result)
    default: return value
    }
  }
}
