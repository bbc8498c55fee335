internal import EnvoyAPI
internal import ProtobufWire
package import XDSProtocol

/// Everything that the endpoints of a cluster are made from.
package struct EndpointsInput: ResourceInput {
  /// The cluster's name.
  package var name: String
  /// The cluster's version: a cluster that changed warms again and needs its endpoints again.
  package var clusterVersion: String
  package var localities: [LocalityEndpoints]
  package var sources: [String]

  package init(
    name: String, clusterVersion: String, localities: [LocalityEndpoints], sources: [String] = []
  ) {
    self.name = name
    self.clusterVersion = clusterVersion
    self.localities = localities
    self.sources = sources
  }

  package var type: ResourceType { .endpoints }
  package var versionSalt: String { clusterVersion }

  package func encode() -> [UInt8] {
    Envoy.ClusterLoadAssignment.encode(capacity: 128 + localities.count * 256) {
      $0.clusterName(name)
      for locality in localities { $0.endpoints(locality.write) }
    }
  }
}
