package import StreamingJSON

/// One workload outside Kubernetes, or one endpoint of a ServiceEntry (networking.istio.io
/// WorkloadEntry).
package struct WorkloadEntry: Hashable, Sendable {
  /// IP / FQDN / unix://.
  package var address: String
  /// Port name to port.
  package var ports: [String: UInt32]
  /// Labels.
  package var labels: [String: String]
  /// Network id.
  package var network: String
  /// Locality.
  package var locality: String
  /// Weight. Unset: 0 (=1).
  package var weight: UInt32
  /// SA of workload.
  package var serviceAccount: String

  /// Creates a value; what is left out is as if it were not written.
  package init(
    address: String = "",
    ports: [String: UInt32] = [:],
    labels: [String: String] = [:],
    network: String = "",
    locality: String = "",
    weight: UInt32 = 0,
    serviceAccount: String = ""
  ) {
    self.address = address
    self.ports = ports
    self.labels = labels
    self.network = network
    self.locality = locality
    self.weight = weight
    self.serviceAccount = serviceAccount
  }
}

extension WorkloadEntry: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "address": address = try reader.read()
      case "ports": ports = try reader.read()
      case "labels": labels = try reader.readStringMap()
      case "network": network = try reader.read()
      case "locality": locality = try reader.read()
      case "weight": weight = try reader.read()
      case "serviceAccount": serviceAccount = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}
