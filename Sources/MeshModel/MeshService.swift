/// How the addresses behind a service are found.
package enum ServiceResolution: String, Hashable, Sendable {
  /// The control plane knows the endpoints.
  case endpoints
  /// Envoy resolves the endpoints' names and uses every answer.
  case dns
  /// Envoy resolves the names and uses one answer at a time.
  case dnsRoundRobin
  /// The connection's original destination is the endpoint.
  case passthrough
  /// The service stands for another host (`ExternalName`).
  case alias
  /// Envoy resolves whatever host a request names.
  case dynamicDNS
}

/// Where a service was declared.
package enum ServiceSource: String, Hashable, Sendable {
  case kubernetes = "Kubernetes"
  case serviceEntry = "External"
}

/// Which endpoints of a service are preferred by their place (`trafficDistribution`).
package enum TrafficDistribution: String, Hashable, Sendable {
  /// Those of the caller's zone, then of its region.
  case preferSameZone = "PreferSameZone"
  /// Those of the caller's node, then of its subzone, zone and region.
  case preferSameNode = "PreferSameNode"
}

/// A service that proxies can send traffic to, whatever declared it.
package struct MeshService: Hashable, Sendable {
  package var id: ServiceID
  /// The short name: of a Kubernetes service its `metadata.name`.
  package var name: String
  package var source: ServiceSource
  package var ports: [MeshServicePort]
  /// Virtual addresses; empty for headless services and hosts without one.
  package var addresses: [String]
  package var resolution: ServiceResolution
  /// Whether the service is outside of the mesh, so that no mutual TLS is assumed.
  package var isExternal: Bool
  /// The host that an alias stands for.
  package var aliasTarget: String
  /// The labels that select the service's workloads; empty selects none.
  package var selector: [String: String]
  /// The namespaces that see the service: `*`, `.` or names.
  package var exportTo: [String]
  /// Subject alternative names that external endpoints prove.
  package var subjectAltNames: [String]
  /// Service accounts allowed by annotation besides those of the endpoints.
  package var serviceAccounts: [String]
  /// Seconds since 1970; decides which of two declarations wins.
  package var creationTime: Int64
  package var publishesNotReadyAddresses: Bool
  /// Whether callers reach the endpoints of their own node alone (`internalTrafficPolicy: Local`).
  package var isNodeLocal: Bool
  /// Which endpoints are preferred by their place; nil where the mesh decides.
  package var distribution: TrafficDistribution?
  /// The object that declares the service.
  package var origin: ConfigKey

  /// Whether it matters on which node its callers are.
  var isNodeAware: Bool { isNodeLocal || distribution == .preferSameNode }

  package init(
    id: ServiceID, name: String, source: ServiceSource = .kubernetes,
    ports: [MeshServicePort] = [], addresses: [String] = [],
    resolution: ServiceResolution = .endpoints, isExternal: Bool = false, aliasTarget: String = "",
    selector: [String: String] = [:], exportTo: [String] = ["*"], subjectAltNames: [String] = [],
    serviceAccounts: [String] = [], creationTime: Int64 = 0,
    publishesNotReadyAddresses: Bool = false, isNodeLocal: Bool = false,
    distribution: TrafficDistribution? = nil, origin: ConfigKey
  ) {
    self.id = id
    self.name = name
    self.source = source
    self.ports = ports
    self.addresses = addresses
    self.resolution = resolution
    self.isExternal = isExternal
    self.aliasTarget = aliasTarget
    self.selector = selector
    self.exportTo = exportTo
    self.subjectAltNames = subjectAltNames
    self.serviceAccounts = serviceAccounts
    self.creationTime = creationTime
    self.publishesNotReadyAddresses = publishesNotReadyAddresses
    self.isNodeLocal = isNodeLocal
    self.distribution = distribution
    self.origin = origin
  }

  package var hostname: String { id.hostname }

  package func port(_ number: UInt32) -> MeshServicePort? {
    ports.first { $0.number == number }
  }
}

/// A port of a service.
package struct MeshServicePort: Hashable, Sendable {
  package var number: UInt32
  package var name: String
  package var protocolKind: PortProtocol
  /// The port of the workload, where the declaration gives a number.
  package var targetPort: UInt32?
  /// The name of the workload's port, where the declaration gives one.
  package var targetPortName: String

  package init(
    number: UInt32, name: String, protocolKind: PortProtocol, targetPort: UInt32? = nil,
    targetPortName: String = ""
  ) {
    self.number = number
    self.name = name
    self.protocolKind = protocolKind
    self.targetPort = targetPort
    self.targetPortName = targetPortName
  }
}
