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
    /// Inside the configuration, which a view puts together from the hosts of its units.
    case composed
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
    switch virtualHosts {
    case .discovered: Self.encode(name, hosts: [], isDiscovered: true)
    case .inline(let hosts): Self.encode(name, hosts: hosts.map { $0.encode()[...] })
    case .composed: Self.encode(name, hosts: [])
    }
  }

  /// The serialized configuration around serialized virtual hosts.
  static func encode(
    _ name: String, hosts: [ArraySlice<UInt8>], isDiscovered: Bool = false
  ) -> [UInt8] {
    let size = hosts.reduce(256) { $0 + $1.count + 8 }
    return Envoy.RouteConfiguration.encode(capacity: size) { message in
      message.name(name)
      if isDiscovered { message.vhds { $0.configSource(encoded: ConfigSources.virtualHosts) } }
      for host in hosts { message.virtualHosts(encoded: Array(host)) }
      message.validateClusters(false)
      message.maxDirectResponseBodySizeBytes(1_048_576)
      message.ignorePortInHostMatching(true)
    }
  }
}
