/// What an echo workload answers and where.
package struct EchoConfiguration: Sendable {
  /// The name it answers with.
  package var name = "echo"
  /// Where HTTP/1.1 and HTTP/2 with prior knowledge are served; nil for nowhere.
  package var httpAddress: EchoAddress?
  /// Where bytes are sent back as they come; nil for nowhere.
  package var tcpAddress: EchoAddress?
  /// Whether a TCP connection first gets the name and a newline.
  package var greetsTCP = false
  /// How long every HTTP answer is held back.
  package var delay = Duration.zero
  /// The status of HTTP answers.
  package var status = 200
  /// Every n-th HTTP answer is a 503; 0 for none.
  package var failEvery = 0

  /// An echo workload that listens nowhere.
  package init() {}
}

/// An address to listen on.
package struct EchoAddress: Hashable, Sendable, CustomStringConvertible {
  /// A host name or address.
  package let host: String
  /// A port; 0 lets the kernel choose.
  package let port: Int

  /// An address from its parts.
  package init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// Parses `host:port`, `[v6]:port`, `:port` or `port`; nil for anything else.
  package init?(_ text: String) {
    let colon = text.lastIndex(of: ":")
    let digits = colon.map { text[text.index(after: $0)...] } ?? text[...]
    guard let port = Int(digits), (0...65535).contains(port) else { return nil }
    var host = colon.map { String(text[..<$0]) } ?? ""
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = String(host.dropFirst().dropLast())
    }
    self.init(host: host.isEmpty ? "0.0.0.0" : host, port: port)
  }

  package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
