internal import EnvoyAPI
internal import ProtobufWire
package import XDSProtocol

/// Everything that a listener is made from.
package struct ListenerInput: ResourceInput {
  package enum Direction: Hashable, Sendable {
    case inbound
    case outbound
  }

  package var name: String
  package var address: SocketAddress
  package var direction: Direction
  package var chains: [FilterChainInput]
  package var defaultChain: FilterChainInput?
  /// nil leaves Envoy's default, which binds.
  package var bindsToPort: Bool?
  package var usesOriginalDestination = false
  package var isTransparent = false
  package var filters: [ListenerFilterInput] = []
  /// In whole milliseconds; nil leaves Envoy's 15 s.
  package var filtersTimeout: Int64?
  package var continuesOnFiltersTimeout = false
  /// Whether a socket event accepts one connection at a time.
  package var acceptsOneAtATime = false
  package var sources: [String] = []

  package init(
    name: String, address: SocketAddress, direction: Direction, chains: [FilterChainInput] = []
  ) {
    self.name = name
    self.address = address
    self.direction = direction
    self.chains = chains
  }

  package var type: ResourceType { .listener }

  package var references: [ResourceName] {
    var names: Set<String> = []
    for chain in chains { names.formUnion(chain.clusters) }
    if let defaultChain { names.formUnion(defaultChain.clusters) }
    return names.sorted().map { ResourceName(.cluster, $0) }
  }

  package func encode() -> [UInt8] {
    Envoy.Listener.encode(capacity: 4096) { listener in
      listener.name(name)
      listener.address(address.write)
      for chain in chains { listener.filterChains(chain.write) }
      if let defaultChain { listener.defaultFilterChain(defaultChain.write) }
      if usesOriginalDestination { listener.useOriginalDst(true) }
      if let bindsToPort { listener.bindToPort(bindsToPort) }
      if isTransparent { listener.transparent(true) }
      listener.trafficDirection(direction == .inbound ? .inbound : .outbound)
      for filter in filters { listener.listenerFilters(filter.write) }
      if let filtersTimeout { listener.listenerFiltersTimeout(.milliseconds(filtersTimeout)) }
      listener.continueOnListenerFiltersTimeout(continuesOnFiltersTimeout)
      if acceptsOneAtATime { listener.maxConnectionsToAcceptPerSocketEvent(1) }
    }
  }
}
