/// Istio's names of clusters and of what derives from them (contract §4.1).
enum ClusterName {
  static let blackHole = "BlackHoleCluster"
  static let passthrough = "PassthroughCluster"
  static let inboundPassthrough = "InboundPassthroughCluster"

  static func outbound(_ port: UInt32, _ subset: String, _ host: String) -> String {
    "outbound|\(port)|\(subset)|\(host)"
  }

  static func inbound(_ port: UInt32) -> String { "inbound|\(port)||" }

  /// The server name of mutual TLS to a cluster.
  static func serverName(_ port: UInt32, _ subset: String, _ host: String) -> String {
    "outbound_.\(port)_.\(subset)_.\(host)"
  }
}
