package import DiscoveryAPI
internal import SwiftProtobuf

/// What kind of proxy a node is, from the first part of its id.
package enum ProxyType: String, Hashable, Sendable {
  case sidecar
  case router
}

/// A proxy as its first discovery request describes it.
///
/// The id has the form `<type>~<ip>~<name>.<namespace>~<DNS domain>`, the metadata are those of Istio's
/// bootstrap. Nothing here is trusted beyond what the connection's identity allows.
package struct ProxyNode: Hashable, Sendable {
  package var id: String
  package var type: ProxyType
  /// The proxy's addresses, first the one that decides the IP family.
  package var addresses: [String]
  package var name: String
  package var namespace: String
  package var dnsDomain: String
  package var labels: [String: String]
  package var serviceAccount: String?
  package var clusterID: String
  package var nodeName: String
  package var locality: NodeLocality
  /// The string-valued metadata, by Istio's key.
  package var metadata: [String: String]
  /// The version of Envoy as `1.40.0`; nil when the node does not say.
  package var envoyVersion: String?
  /// The extensions of Istio's own that are compiled in; nil when the node lists none at all.
  package var istioExtensions: Set<String>?
  /// Whether the stream speaks the incremental protocol.
  package var isDelta: Bool
  /// The namespace and service account that the connection proved; nil on a plaintext one.
  package var verifiedIdentity: String?

  /// Reads a node message.
  package init(_ node: Envoy_Config_Core_V3_Node, isDelta: Bool) throws(NodeError) {
    guard !node.id.isEmpty else { throw .missing }
    let parts = node.id.split(separator: "~", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 4 else { throw .malformedID(node.id) }
    guard let type = ProxyType(rawValue: parts[0]) else { throw .unknownType(parts[0]) }
    var metadata: [String: String] = [:]
    var labels: [String: String] = [:]
    for (key, value) in node.metadata.fields {
      if case .stringValue(let text) = value.kind { metadata[key] = text }
      guard key == "LABELS" || key == "STATIC_LABELS",
        case .structValue(let table) = value.kind
      else { continue }
      for (label, value) in table.fields {
        if case .stringValue(let text) = value.kind { labels[label] = text }
      }
    }
    let addresses = Self.addresses(metadata["INSTANCE_IPS"], fallback: parts[1])
    guard !addresses.isEmpty else { throw .noAddress(node.id) }
    id = node.id
    self.type = type
    self.addresses = addresses
    // Names of pods may have dots, those of namespaces have none.
    name = parts[2].lastIndex(of: ".").map { String(parts[2][..<$0]) } ?? parts[2]
    dnsDomain = parts[3]
    let domainNamespace = parts[3].split(separator: ".").first.map(String.init) ?? ""
    namespace = metadata["NAMESPACE"] ?? domainNamespace
    self.labels = labels
    serviceAccount = metadata["SERVICE_ACCOUNT"]
    clusterID = metadata["CLUSTER_ID"] ?? ""
    nodeName = metadata["NODE_NAME"] ?? ""
    locality = NodeLocality(
      region: node.locality.region, zone: node.locality.zone, subZone: node.locality.subZone)
    self.metadata = metadata
    envoyVersion = Self.version(node)
    istioExtensions =
      node.extensions.isEmpty
      ? nil : Set(node.extensions.map(\.name).filter { $0.hasPrefix("istio.") })
    self.isDelta = isDelta
    verifiedIdentity = nil
  }

  private static func addresses(_ instances: String?, fallback: String) -> [String] {
    let listed = (instances ?? "").split(separator: ",").map(String.init)
    if !listed.isEmpty, listed.allSatisfy(IPLiteral.isValid) { return listed }
    return IPLiteral.isValid(fallback) ? [fallback] : []
  }

  private static func version(_ node: Envoy_Config_Core_V3_Node) -> String? {
    guard case .userAgentBuildVersion(let build) = node.userAgentVersionType else { return nil }
    let version = build.version
    return "\(version.majorNumber).\(version.minorNumber).\(version.patch)"
  }
}

/// Where a proxy runs.
package struct NodeLocality: Hashable, Sendable {
  package var region: String
  package var zone: String
  package var subZone: String

  package init(region: String = "", zone: String = "", subZone: String = "") {
    self.region = region
    self.zone = zone
    self.subZone = subZone
  }
}

/// Why a node cannot be served; all of them end the stream with `INVALID_ARGUMENT`.
package enum NodeError: Error, Hashable, Sendable, CustomStringConvertible {
  case missing
  case malformedID(String)
  case unknownType(String)
  case noAddress(String)

  package var description: String {
    switch self {
    case .missing: "missing node information"
    case .malformedID(let id):
      "node id \"\(id.prefix(200))\" is not of the form <type>~<ip>~<name>.<namespace>~<domain>"
    case .unknownType(let type):
      "node type \"\(type.prefix(64))\" is not served; use sidecar or router"
    case .noAddress(let id):
      "node \"\(id.prefix(200))\" names no valid IP address in its id or in INSTANCE_IPS"
    }
  }
}
