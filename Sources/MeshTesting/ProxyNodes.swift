internal import DiscoveryAPI
internal import SwiftProtobuf
package import XDSProtocol

/// Nodes as Envoy's first request describes them.
package enum ProxyNodes {
  /// A sidecar or gateway; stock Envoy 1.40 over the incremental protocol unless said otherwise.
  package static func node(
    type: String = "sidecar", name: String = "client", namespace: String = "default",
    address: String = "10.44.0.99", labels: [String: String] = [:], isDelta: Bool = true,
    extensions: [String] = ["envoy.filters.http.router"], envoyVersion: UInt32 = 40,
    metadata: [String: String] = [:]
  ) throws -> ProxyNode {
    var message = Envoy_Config_Core_V3_Node()
    message.id = "\(type)~\(address)~\(name).\(namespace)~\(namespace).svc.cluster.local"
    var fields = metadata
    fields["NAMESPACE"] = namespace
    fields["CLUSTER_ID"] = fields["CLUSTER_ID"] ?? "Kubernetes"
    for (key, value) in fields {
      message.metadata.fields[key] = Google_Protobuf_Value(stringValue: value)
    }
    var table = Google_Protobuf_Struct()
    for (key, value) in labels { table.fields[key] = Google_Protobuf_Value(stringValue: value) }
    message.metadata.fields["LABELS"] = Google_Protobuf_Value(structValue: table)
    message.userAgentBuildVersion.version.majorNumber = 1
    message.userAgentBuildVersion.version.minorNumber = envoyVersion
    for name in extensions {
      var entry = Envoy_Config_Core_V3_Extension()
      entry.name = name
      message.extensions.append(entry)
    }
    return try ProxyNode(message, isDelta: isDelta)
  }
}
