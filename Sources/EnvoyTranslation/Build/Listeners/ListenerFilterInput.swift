internal import EnvoyAPI
internal import ProtobufWire

/// A filter that looks at a connection before its chain is chosen.
package enum ListenerFilterInput: Hashable, Sendable {
  case originalDestination
  case originalSource
  case tlsInspector(disabled: PortPredicate)
  case httpInspector(disabled: PortPredicate)

  /// The destination ports at which a filter does not run.
  package enum PortPredicate: Hashable, Sendable {
    case nowhere
    case ports([UInt32])
    case allBut([UInt32])
  }

  func write(_ filter: inout Envoy.ListenerFilter) {
    switch self {
    case .originalDestination:
      filter.name("envoy.filters.listener.original_dst")
      filter.typedConfig(Envoy.OriginalDst.self)
    case .originalSource:
      filter.name("envoy.filters.listener.original_src")
      filter.typedConfig(Envoy.OriginalSrc.self) { $0.mark(1337) }
    case .tlsInspector(let disabled):
      filter.name("envoy.filters.listener.tls_inspector")
      filter.typedConfig(Envoy.TlsInspector.self) { $0.initialReadBufferSize(512) }
      Self.write(disabled, &filter)
    case .httpInspector(let disabled):
      filter.name("envoy.filters.listener.http_inspector")
      filter.typedConfig(Envoy.HttpInspector.self)
      Self.write(disabled, &filter)
    }
  }

  private static func write(_ predicate: PortPredicate, _ filter: inout Envoy.ListenerFilter) {
    switch predicate {
    case .nowhere: break
    case .ports(let ports) where ports.isEmpty: break
    case .ports(let ports): filter.filterDisabled { any(of: ports, &$0) }
    case .allBut(let ports):
      filter.filterDisabled { predicate in
        predicate.notMatch { any(of: ports, &$0) }
      }
    }
  }

  private static func any(
    of ports: [UInt32], _ predicate: inout Envoy.ListenerFilterChainMatchPredicate
  ) {
    if ports.count == 1, let port = ports.first {
      one(port, &predicate)
      return
    }
    predicate.orMatch { set in
      for port in ports { set.rules { one(port, &$0) } }
    }
  }

  private static func one(
    _ port: UInt32, _ predicate: inout Envoy.ListenerFilterChainMatchPredicate
  ) {
    predicate.destinationPortRange {
      $0.start(Int32(clamping: port))
      $0.end(Int32(clamping: UInt64(port) + 1))
    }
  }
}
