package import GRPCTransport
package import OpenSSLCrypto

/// Everything an agent is told when it starts.
package struct AgentConfiguration: Sendable {
  /// What the proxy stands in front of.
  package enum ProxyType: String, Sendable, CaseIterable {
    case sidecar
    case router
  }

  /// How traffic reaches the proxy.
  package enum InterceptionMode: String, Sendable, CaseIterable {
    case none = "NONE"
    case redirect = "REDIRECT"
    case tproxy = "TPROXY"
  }

  /// Which dialect of xDS Envoy speaks with the control plane.
  package enum XDSVariant: String, Sendable, CaseIterable {
    case delta
    case stateOfTheWorld = "sotw"

    var apiType: String { self == .delta ? "DELTA_GRPC" : "GRPC" }
  }

  /// What the proxy stands in front of.
  package var type = ProxyType.sidecar
  /// The address of the workload.
  package var ipAddress: String
  /// Stands for all addresses: those of both families where the workload's own is one of IPv6.
  var everyAddress: String { ipAddress.contains(":") ? "::" : "0.0.0.0" }
  /// The name of the workload's instance.
  package var name: String
  /// Its namespace.
  package var namespace: String
  /// Its service account.
  package var serviceAccount: String
  /// Its labels, in the order given.
  package var labels: [(key: String, value: String)] = []
  /// Where the control plane's secure port is.
  package var discoveryAddress: GRPCAddress
  /// The name that the control plane's certificate carries; the host of the address when nil.
  package var tlsServerName: String?
  /// The file with the bearer token for the first certificate; read anew each time.
  package var tokenFile: String?
  /// The file with the roots that the control plane's certificate is verified with, PEM.
  package var rootCertificateFile: String
  /// The Envoy binary.
  package var envoyPath: String
  /// What is put before Envoy's command line; a program that ends with the agent.
  package var launcher: [String] = []
  /// Envoy's admin port on loopback.
  package var adminPort = 15_000
  /// Where the agent answers readiness probes; 0 for nowhere.
  package var statusPort = 15_021
  /// Where Envoy answers readiness probes by asking the agent; 0 for nowhere.
  package var readinessListenerPort = 0
  /// Where Envoy serves its metrics; 0 for nowhere.
  package var prometheusPort = 15_090
  /// The directory for the bootstrap and the socket; made private.
  package var directory: String
  /// How traffic reaches the proxy.
  package var interceptionMode = InterceptionMode.redirect
  /// Further node metadata, in the order given.
  package var metadata: [(key: String, value: String)] = []
  /// Envoy's worker threads.
  package var concurrency = 1
  /// The dialect of xDS.
  package var xds = XDSVariant.delta
  /// The lifetime to ask for, in seconds.
  package var certificateLifetime: Int64 = 86_400
  /// The kind of key.
  package var keyType = KeyType.ecdsaP256
  /// The trust domain named in signing requests.
  package var trustDomain = "cluster.local"
  /// The DNS domain of the cluster.
  package var clusterDomain = "cluster.local"
  /// The cluster's name.
  package var clusterID = "Kubernetes"
  /// Where the workload runs, as region/zone/subzone.
  package var locality: String?
  /// Envoy's log level.
  package var envoyLogLevel = "warning"
  /// Whether Envoy keeps all statistics instead of those that Istio's metrics need.
  package var keepsAllStatistics = false
  /// How long connections may go on after a stop was asked for.
  package var drainDuration = Duration.seconds(5)

  /// A configuration with what has no default.
  package init(
    ipAddress: String, name: String, namespace: String, serviceAccount: String,
    discoveryAddress: GRPCAddress, rootCertificateFile: String, envoyPath: String,
    directory: String
  ) {
    self.ipAddress = ipAddress
    self.name = name
    self.namespace = namespace
    self.serviceAccount = serviceAccount
    self.discoveryAddress = discoveryAddress
    self.rootCertificateFile = rootCertificateFile
    self.envoyPath = envoyPath
    self.directory = directory
  }

  /// The socket on which Envoy gets its secrets.
  package var secretSocketPath: String { "\(directory)/sds.sock" }

  /// The file with Envoy's bootstrap.
  package var bootstrapPath: String { "\(directory)/envoy-bootstrap.json" }

  /// The name to verify the control plane by.
  var verifiedServerName: String {
    if let tlsServerName { return tlsServerName }
    if case .hostPort(let host, _) = discoveryAddress { return host }
    return "localhost"
  }
}
