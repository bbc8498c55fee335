internal import EnvoyAPI
package import MeshModel
internal import ProtobufWire

/// A filter chain with the connections that it takes.
package struct FilterChainInput: Hashable, Sendable {
  /// Which connections a chain takes; empty takes all.
  package struct Match: Hashable, Sendable {
    package var destinationPort: UInt32?
    package var prefixRanges: [AddressRange] = []
    package var serverNames: [String] = []
    package var transportProtocol = ""
    package var applicationProtocols: [String] = []

    package var isEmpty: Bool { self == Match() }
  }

  package var name = ""
  /// Nil writes no match, which differs from an empty one only in the bytes.
  package var match: Match?
  package var tls: DownstreamTLS?
  package var filters: [NetworkFilterInput]
  /// Whether the handshake is given 15 s.
  package var limitsHandshake = false
  /// The object that the chain was made from, for Envoy's metadata.
  package var configuration: ConfigKey?

  package init(
    name: String = "", match: Match? = nil, tls: DownstreamTLS? = nil,
    filters: [NetworkFilterInput], limitsHandshake: Bool = false, configuration: ConfigKey? = nil
  ) {
    self.name = name
    self.match = match
    self.tls = tls
    self.filters = filters
    self.limitsHandshake = limitsHandshake
    self.configuration = configuration
  }

  /// The clusters that the chain's filters name.
  var clusters: [String] { filters.flatMap(\.clusters) }

  func write(_ chain: inout Envoy.FilterChain) {
    if let match { chain.filterChainMatch { Self.write(match, &$0) } }
    for filter in filters { filter.write(&chain) }
    tls?.write(&chain)
    if let configuration {
      chain.metadata { $0.filterMetadata("istio", configuration.istioMetadata) }
    }
    chain.name(name)
    if limitsHandshake { chain.transportSocketConnectTimeout(.init(seconds: 15)) }
  }

  private static func write(_ match: Match, _ message: inout Envoy.FilterChainMatch) {
    if let port = match.destinationPort { message.destinationPort(port) }
    for range in match.prefixRanges {
      message.prefixRanges {
        $0.addressPrefix(range.address)
        $0.prefixLen(range.length)
      }
    }
    for name in match.serverNames { message.serverNames(name) }
    message.transportProtocol(match.transportProtocol)
    for name in match.applicationProtocols { message.applicationProtocols(name) }
  }
}

/// A CIDR range.
package struct AddressRange: Hashable, Sendable, Comparable {
  package var address: String
  package var length: UInt32

  /// Reads `10.0.0.0/8`, or an address alone; nil when the length is not a number in range.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
    guard let address = parts.first else { return nil }
    let full: UInt32 = address.contains(":") ? 128 : 32
    self.address = address
    guard parts.count == 2 else {
      length = full
      return
    }
    guard let length = UInt32(parts[1]), length <= full else { return nil }
    self.length = length
  }

  package static func < (left: AddressRange, right: AddressRange) -> Bool {
    (left.address, left.length) < (right.address, right.length)
  }
}
