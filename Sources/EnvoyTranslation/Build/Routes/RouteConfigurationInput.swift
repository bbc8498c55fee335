internal import EnvoyAPI
internal import ProtobufWire
package import XDSProtocol

/// Everything that a route configuration is made from.
package struct RouteConfigurationInput: ResourceInput {
  package enum VirtualHosts: Hashable, Sendable {
    /// Each host is a resource of its own.
    case discovered
    /// Inside the configuration, in this order.
    case inline([VirtualHostInput])
  }

  package var name: String
  package var virtualHosts: VirtualHosts
  package var sources: [String] = []

  package init(name: String, virtualHosts: VirtualHosts) {
    self.name = name
    self.virtualHosts = virtualHosts
  }

  package var type: ResourceType { .route }

  package var references: [ResourceName] {
    guard case .inline(let hosts) = virtualHosts else { return [] }
    return Set(hosts.flatMap(\.references)).sorted { $0.name < $1.name }
  }

  package func encode() -> [UInt8] {
    Envoy.RouteConfiguration.encode(capacity: 4096) { message in
      message.name(name)
      switch virtualHosts {
      case .discovered:
        message.vhds { $0.configSource(encoded: ConfigSources.virtualHosts) }
      case .inline(let hosts):
        for host in hosts { message.virtualHosts(encoded: host.encode()) }
      }
      message.validateClusters(false)
      message.maxDirectResponseBodySizeBytes(1_048_576)
      message.ignorePortInHostMatching(true)
    }
  }
}
