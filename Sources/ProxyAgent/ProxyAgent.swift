internal import GRPCTransport
package import Logging
package import OpenSSLCrypto
package import ServiceLifecycle

/// The process beside an Envoy: gets its certificate, gives it its secrets, starts it and looks
/// after it. What Envoy does with traffic is between it and the control plane.
package struct ProxyAgent: Sendable {
  /// The secrets that Envoy has.
  package let secrets = WorkloadSecrets()
  private let configuration: AgentConfiguration
  private let clock: @Sendable () -> Int64
  private let logger: Logger

  /// An agent; `clock` tells seconds since 1970.
  package init(
    configuration: AgentConfiguration, clock: @escaping @Sendable () -> Int64, logger: Logger
  ) {
    self.configuration = configuration
    self.clock = clock
    self.logger = logger
  }

  /// Makes the agent's directory and writes Envoy's bootstrap into it.
  package func prepare() throws(CryptoError) {
    try PrivateFile.makeDirectory(configuration.directory)
    try PrivateFile.write(
      Array(EnvoyBootstrap(configuration).json.utf8), to: configuration.bootstrapPath)
  }

  /// What runs, in the order of starting; stopping goes the other way.
  package var services: [any Service] {
    let discovery = SecretDiscovery(secrets: secrets, logger: logger)
    var services: [any Service] = [
      GRPCServer(
        addresses: [.unixSocket(path: configuration.secretSocketPath)], services: [discovery],
        configuration: secretServerConfiguration, logger: logger),
      CertificateRotation(
        configuration: configuration, secrets: secrets, clock: clock, logger: logger),
      EnvoySupervisor(configuration: configuration, secrets: secrets, logger: logger),
    ]
    if configuration.statusPort > 0 {
      services.append(StatusServer(configuration: configuration, logger: logger))
    }
    return services
  }

  private var secretServerConfiguration: GRPCServerConfiguration {
    var result = GRPCServerConfiguration()
    // The only client is Envoy, which has ended when this server stops.
    result.drainTimeout = .seconds(1)
    return result
  }
}
