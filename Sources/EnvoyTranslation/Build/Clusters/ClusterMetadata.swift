internal import EnvoyAPI
internal import MeshModel
internal import ProtobufWire

/// What Istio tells about a cluster in its metadata, read by telemetry and by `istio.alpn`.
package struct ClusterMetadata: Hashable, Sendable {
  package struct Service: Hashable, Sendable {
    var host: String
    var name: String
    var namespace: String

    init(_ service: MeshService) {
      host = service.hostname
      name = service.name
      namespace = service.id.namespace
    }
  }

  var services: [Service] = []
  /// The destination rule that shaped the cluster.
  var configuration: ConfigKey?
  var subset = ""
  var isExternal = false
  /// Whether Istio's ALPN filter keeps the application's own ALPN.
  var keepsALPN = false

  func write(_ cluster: inout Envoy.Cluster) {
    var fields: [WireStruct.Field] = []
    if keepsALPN { fields.append(.init("alpn_override", .string("false"))) }
    if let configuration { fields.append(.init("config", .string(configuration.istioPath))) }
    if isExternal { fields.append(.init("external", .bool(true))) }
    if !services.isEmpty {
      let list = services.map { service in
        WireValue.object(
          WireStruct([
            .init("host", .string(service.host)), .init("name", .string(service.name)),
            .init("namespace", .string(service.namespace)),
          ]))
      }
      fields.append(.init("services", .list(list)))
    }
    if !subset.isEmpty { fields.append(.init("subset", .string(subset))) }
    guard !fields.isEmpty else { return }
    cluster.metadata { $0.filterMetadata("istio", WireStruct(fields)) }
  }
}

extension ConfigKey {
  /// The object's path in Istio's metadata.
  var istioPath: String {
    "/apis/networking.istio.io/v1/namespaces/\(namespace)/\(kind.kebabName)/\(name)"
  }

  /// Filter metadata that names the object a route or listener was made from.
  var istioMetadata: WireStruct { WireStruct([.init("config", .string(istioPath))]) }
}
