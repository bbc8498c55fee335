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

  package init(dataDirectory: String) {
    self.dataDirectory = dataDirectory
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
