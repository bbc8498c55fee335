/// A running instance of an application: a pod or a workload entry.
package struct Workload: Hashable, Sendable {
  package var origin: ConfigKey
  package var addresses: [String]
  package var labels: [String: String]
  package var serviceAccount: String
  package var locality: EndpointLocality
  package var nodeName: String
  /// The named ports of the workload's containers.
  package var namedPorts: [String: UInt32]

  package init(
    origin: ConfigKey, addresses: [String], labels: [String: String] = [:],
    serviceAccount: String = "", locality: EndpointLocality = .init(), nodeName: String = "",
    namedPorts: [String: UInt32] = [:]
  ) {
    self.origin = origin
    self.addresses = addresses
    self.labels = labels
    self.serviceAccount = serviceAccount
    self.locality = locality
    self.nodeName = nodeName
    self.namedPorts = namedPorts
  }

  package var namespace: String { origin.namespace }
  package var name: String { origin.name }
}

extension [String: String] {
  /// Whether every label of `selector` is here with the same value; an empty one selects everything.
  package func isSelected(by selector: [String: String]) -> Bool {
    selector.allSatisfy { self[$0.key] == $0.value }
  }
}
