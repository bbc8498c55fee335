/// Whether an endpoint takes traffic.
package enum EndpointHealth: String, Hashable, Sendable {
  case healthy
  case unhealthy
  case draining
}

/// Where an endpoint runs, from the labels of its node or from its declaration.
package struct EndpointLocality: Hashable, Sendable, Comparable {
  package var region: String
  package var zone: String
  package var subZone: String

  package init(region: String = "", zone: String = "", subZone: String = "") {
    self.region = region
    self.zone = zone
    self.subZone = subZone
  }

  /// Reads `region/zone/subzone`, each part but the first optional.
  package init(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
      .map(String.init)
    region = parts.first ?? ""
    zone = parts.count > 1 ? parts[1] : ""
    subZone = parts.count > 2 ? parts[2] : ""
  }

  /// `region/zone/subzone`, by which localities are ordered.
  package var label: String { "\(region)/\(zone)/\(subZone)" }

  package static func < (left: EndpointLocality, right: EndpointLocality) -> Bool {
    left.label < right.label
  }
}

/// One address that serves a service.
package struct MeshEndpoint: Hashable, Sendable {
  /// An IP address, a host name, or a path after `unix://`.
  package var address: String
  /// The port behind each service port, by the service port's name.
  package var ports: [String: UInt32]
  package var health: EndpointHealth
  package var locality: EndpointLocality
  package var labels: [String: String]
  package var namespace: String
  /// The workload's service account name; empty when unknown.
  package var serviceAccount: String
  /// Whether the workload's proxy takes mutual TLS.
  package var acceptsMutualTLS: Bool
  /// The name of what owns the workload, for telemetry.
  package var workloadName: String
  package var nodeName: String
  package var network: String
  package var clusterID: String
  package var weight: UInt32

  package init(
    address: String, ports: [String: UInt32], health: EndpointHealth = .healthy,
    locality: EndpointLocality = .init(), labels: [String: String] = [:], namespace: String = "",
    serviceAccount: String = "", acceptsMutualTLS: Bool = false, workloadName: String = "",
    nodeName: String = "", network: String = "", clusterID: String = "", weight: UInt32 = 1
  ) {
    self.address = address
    self.ports = ports
    self.health = health
    self.locality = locality
    self.labels = labels
    self.namespace = namespace
    self.serviceAccount = serviceAccount
    self.acceptsMutualTLS = acceptsMutualTLS
    self.workloadName = workloadName
    self.nodeName = nodeName
    self.network = network
    self.clusterID = clusterID
    self.weight = weight
  }
}
