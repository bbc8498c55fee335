package import StreamingJSON

/// How connections to a service behave once routing has chosen it (networking.istio.io
/// DestinationRule).
package struct DestinationRule: Hashable, Sendable {
  /// Service the policy is for; short name = DR's namespace.
  package var host: String
  /// Policy for host.
  package var trafficPolicy: TrafficPolicy?
  /// Named endpoint groups.
  package var subsets: [Subset]
  /// Visibility. Unset: mesh default (`*`).
  package var exportTo: [String]
  /// Limit rule to client workloads in same namespace.
  package var workloadSelector: PolicySelector?

  /// Creates a value; what is left out is as if it were not written.
  package init(
    host: String = "",
    trafficPolicy: TrafficPolicy? = nil,
    subsets: [Subset] = [],
    exportTo: [String] = [],
    workloadSelector: PolicySelector? = nil
  ) {
    self.host = host
    self.trafficPolicy = trafficPolicy
    self.subsets = subsets
    self.exportTo = exportTo
    self.workloadSelector = workloadSelector
  }
}

extension DestinationRule: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "host": host = try reader.read()
      case "trafficPolicy": trafficPolicy = try reader.read()
      case "subsets": subsets = try reader.read()
      case "exportTo": exportTo = try reader.readStrings()
      case "workloadSelector": workloadSelector = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// A named group of the endpoints of a service.
package struct Subset: Hashable, Sendable {
  /// Subset name (goes in cluster name).
  package var name: String
  /// Endpoint label filter.
  package var labels: [String: String]
  /// Policy for the subset. Unset: inherits parent, per top-level block.
  package var trafficPolicy: TrafficPolicy?

  /// Creates a value; what is left out is as if it were not written.
  package init(
    name: String = "",
    labels: [String: String] = [:],
    trafficPolicy: TrafficPolicy? = nil
  ) {
    self.name = name
    self.labels = labels
    self.trafficPolicy = trafficPolicy
  }
}

extension Subset: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "name": name = try reader.read()
      case "labels": labels = try reader.readStringMap()
      case "trafficPolicy": trafficPolicy = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}
