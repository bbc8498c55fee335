internal import EnvoyAPI
internal import ProtobufWire

/// Where a listener binds or an endpoint listens.
package enum SocketAddress: Hashable, Sendable {
  case ip(String, UInt32)
  case path(String)

  /// Reads an endpoint's address, which is a path after `unix://`.
  init(endpoint address: String, port: UInt32) {
    if address.hasPrefix("unix://") {
      self = .path(String(address.dropFirst("unix://".count)))
    } else {
      self = .ip(address, port)
    }
  }

  func write(_ address: inout Envoy.Address) {
    switch self {
    case .ip(let host, let port):
      address.socketAddress {
        $0.address(host)
        $0.portValue(port)
      }
    case .path(let path): address.pipe { $0.path(path) }
    }
  }
}
