internal import NIOCore

/// Where a server listens or a client connects.
package enum GRPCAddress: Hashable, Sendable, CustomStringConvertible {
  /// A TCP host name or address and a port; port 0 lets the kernel choose when listening.
  case hostPort(host: String, port: Int)
  /// The path of a unix domain socket.
  case unixSocket(path: String)

  /// Parses `host:port`, `[v6]:port` or `unix:<path>`; nil when it is none of these.
  package init?(_ text: String) {
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst(5))
      guard !path.isEmpty else { return nil }
      self = .unixSocket(path: path)
      return
    }
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
      (0...65535).contains(port)
    else { return nil }
    var host = String(text[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = String(host.dropFirst().dropLast())
    }
    self = .hostPort(host: host.isEmpty ? "0.0.0.0" : host, port: port)
  }

  init?(_ address: SocketAddress) {
    if let path = address.pathname {
      self = .unixSocket(path: path)
    } else if let host = address.ipAddress, let port = address.port {
      self = .hostPort(host: host, port: port)
    } else {
      return nil
    }
  }

  /// The TCP port; nil for a unix socket.
  package var port: Int? {
    if case .hostPort(_, let port) = self { port } else { nil }
  }

  package var description: String {
    switch self {
    case .hostPort(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unixSocket(let path): "unix:\(path)"
    }
  }
}
