internal import DiscoveryAPI
internal import SwiftProtobuf

/// Who a simulated proxy is: the sidecar of one Pod of the workload.
struct ProxyIdentity {
  var namespace: String
  var serviceAccount: String
  /// The node message in bytes.
  var node: [UInt8]

  /// As many as a real Envoy lists, as long as its are: its first message carries about 60 KB of them.
  private static let extensions: [Envoy_Config_Core_V3_Extension] =
    ["istio.alpn", "istio.stats"].map { name in .with { $0.name = name } }
    + (0..<514).map { number in
      .with {
        $0.category = "envoy.filters.http"
        $0.name = "envoy.filters.http.simulated_\(number)"
        $0.typeUrls = ["envoy.extensions.filters.http.simulated_\(number).v3.Simulated"]
      }
    }

  /// The proxy number `index`: beside the first Pod of each Service, then beside the second of each.
  init(
    index: Int, workload: ReferenceWorkload,
    profile: String? = nil, account: (_ namespace: String) -> String? = { _ in nil }
  ) throws {
    let service = index % workload.services
    let pod = (index / workload.services) % workload.pods
    let round = index / (workload.services * workload.pods)
    namespace = workload.namespace(of: service)
    serviceAccount = account(namespace) ?? "svc-\(service)"
    let name = workload.podName(service, pod) + (round == 0 ? "" : "-\(round)")
    let address = workload.address(of: service, pod: pod)
    var message = Envoy_Config_Core_V3_Node()
    message.id = "sidecar~\(address)~\(name).\(namespace)~\(namespace).svc.cluster.local"
    message.cluster = "svc-\(service).\(namespace)"
    message.userAgentName = "envoy"
    message.userAgentBuildVersion.version.majorNumber = 1
    message.userAgentBuildVersion.version.minorNumber = 40
    var labels = Google_Protobuf_Struct()
    for (key, value) in workload.podLabels(service, pod) {
      labels.fields[key] = Google_Protobuf_Value(stringValue: value)
    }
    var texts = [
      "NAMESPACE": namespace, "SERVICE_ACCOUNT": serviceAccount, "NAME": name,
      "INSTANCE_IPS": address, "CLUSTER_ID": "Kubernetes", "ISTIO_VERSION": "1.26.0",
      "INTERCEPTION_MODE": "REDIRECT",
    ]
    if let profile { texts["SKEIN_PROFILE"] = profile }
    for (key, value) in texts {
      message.metadata.fields[key] = Google_Protobuf_Value(stringValue: value)
    }
    message.metadata.fields["LABELS"] = Google_Protobuf_Value(structValue: labels)
    message.extensions = Self.extensions
    node = try message.serializedBytes()
  }
}
