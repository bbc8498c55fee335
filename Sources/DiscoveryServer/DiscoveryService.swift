package import GRPCTransport
package import Logging
internal import NIOCore
package import WorkloadAuthentication
package import XDSProtocol

/// The aggregated discovery service, both variants of it, on any number of servers.
package final class DiscoveryService: GRPCService {
  private static let service = "envoy.service.discovery.v3.AggregatedDiscoveryService"
  package static let stateOfTheWorld = GRPCMethodPath(
    service: service, method: "StreamAggregatedResources")
  package static let delta = GRPCMethodPath(service: service, method: "DeltaAggregatedResources")

  /// Largest requests in bytes: a proxy that proved who it is may describe much more.
  private static let plaintextLimit = 4 << 20
  private static let authenticatedLimit = 64 << 20

  package let paths = [DiscoveryService.stateOfTheWorld, DiscoveryService.delta]
  package let streams: DiscoveryStreams
  package let metrics: DiscoveryMetrics
  private let bodies = SharedBodies()
  private let discovery: any ResourceDiscovery
  private let authenticator: WorkloadAuthenticator
  private let isReady: @Sendable () -> Bool
  private let serves: @Sendable (ProxyType) -> Bool
  private let trustsLabels: Bool
  private let logger: Logger

  /// A service of `discovery`; calls before `isReady`, and proxies of a type that it `serves` not yet, are
  /// told to come back.
  ///
  /// Where `trustsLabels` is false, a proxy that proved who it is has the labels of its workload's object,
  /// never those that it tells of itself.
  package init(
    discovery: any ResourceDiscovery, authenticator: WorkloadAuthenticator,
    isReady: @escaping @Sendable () -> Bool,
    serves: @escaping @Sendable (ProxyType) -> Bool = { _ in true }, trustsLabels: Bool = true,
    logger: Logger = Logger(label: "skein.xds")
  ) {
    self.discovery = discovery
    self.authenticator = authenticator
    self.isReady = isReady
    self.serves = serves
    self.trustsLabels = trustsLabels
    self.logger = logger
    streams = DiscoveryStreams()
    metrics = DiscoveryMetrics()
  }

  package func accept(_ call: GRPCServerCall) -> GRPCAdmission {
    guard isReady() else {
      return .reject(GRPCStatus(.unavailable, "the configuration is not complete yet"))
    }
    return authenticator.admit(call) { [self] identity in
      .accept(
        DiscoveryStream(
          call: call, variant: call.path == Self.delta ? .delta : .stateOfTheWorld,
          identity: identity, serves: serves, trustsLabels: trustsLabels, discovery: discovery,
          streams: streams,
          metrics: metrics,
          bodies: bodies, logger: logger),
        maximumMessageSize: identity == nil ? Self.plaintextLimit : Self.authenticatedLimit)
    }
  }
}
