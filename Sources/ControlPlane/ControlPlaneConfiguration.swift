package import KubernetesClient
package import Logging

/// Everything that `skein serve` can be told, settled once at the start.
package struct ControlPlaneConfiguration: Sendable {
  /// Where the certificate authority and the databases are.
  package var dataDirectory: String
  /// YAML that is applied to the embedded API and followed; nil for none.
  package var configPath: String?
  /// `host:port` of the embedded API.
  package var apiAddress = "127.0.0.1:8001"
  package var grpcAddress = "127.0.0.1:15010"
  package var secureGRPCAddress = "127.0.0.1:15012"
  package var monitoringAddress = "127.0.0.1:15014"
  package var httpAddress = "127.0.0.1:8080"
  /// A file with mesh configuration; nil for the defaults.
  package var meshConfigPath: String?
  package var trustDomain = "cluster.local"
  package var clusterID = "Kubernetes"
  package var clusterDomain = "cluster.local"
  package var rootNamespace = "istio-system"
  package var revision = "default"
  /// The kind of key of a new certificate authority.
  package var rsaAuthority = false
  package var logLevel = Logger.Level.info
  /// The cluster to run in; nil for one machine with an API of its own.
  package var cluster: KubernetesClient.Configuration?
  /// A folder in memory for copies of the cluster's Secrets; nil keeps none.
  package var secretDirectory: String?
  /// How long the cluster's API is waited for before the copy of its objects stands in.
  package var mirrorPatience = Duration.seconds(10)
  /// How often what was seen of the API is compared with what it has.
  package var auditInterval = Duration.seconds(300)
  /// A folder that may hold the operator's certificate authority.
  package var authorityDirectory = "/etc/cacerts"
  /// The name of this replica, unlike that of any other.
  package var replicaName = "skein"
  /// `host:port` of the cluster's webhooks.
  package var webhookAddress = "127.0.0.1:15017"
  /// The image of injected proxies; nil for the one that the cluster's configuration names.
  package var proxyImage: String?
  /// More names for the control plane's own certificate.
  package var customHosts: [String] = []
  /// How long a replica that leads may be silent.
  package var leaseDuration = Duration.seconds(30)

  package init(dataDirectory: String) {
    self.dataDirectory = dataDirectory
  }

  /// Listens at every address of both families, as in a pod, whose only address may be one of IPv6.
  package mutating func listenEverywhere() {
    for path in [
      \Self.grpcAddress, \.secureGRPCAddress, \.monitoringAddress, \.httpAddress,
      \.webhookAddress,
    ] {
      let address = self[keyPath: path]
      guard let colon = address.lastIndex(of: ":") else { continue }
      self[keyPath: path] = ListeningAddresses.everyHost + address[colon...]
    }
  }

  /// Whether the objects of the revision have no suffix in their names.
  var isDefaultRevision: Bool { revision.isEmpty || revision == "default" }
  /// What stands behind the names of the objects of the revision.
  var revisionSuffix: String { isDefaultRevision ? "" : "-\(revision)" }
  /// The ConfigMap of the root namespace with the mesh configuration.
  var meshConfigMap: String { "istio" + revisionSuffix }

  /// The shares of a lease that istiod uses.
  var leaderTiming: LeaderElection.Timing {
    .init(lease: leaseDuration, renewal: leaseDuration / 2, retry: leaseDuration / 4)
  }

  /// The database of one purpose.
  func database(_ name: String) -> String { "\(dataDirectory)/\(name).sqlite" }
}

/// Why the control plane cannot start.
package struct ControlPlaneError: Error, CustomStringConvertible {
  package var description: String

  package init(_ description: String) {
    self.description = description
  }
}
