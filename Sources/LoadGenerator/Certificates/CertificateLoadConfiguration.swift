package import GRPCTransport
package import OpenSSLCrypto

/// What a measurement of a certificate authority sends, and how fast.
package struct CertificateLoadConfiguration: Sendable {
  /// When requests are sent.
  package enum Pace: Hashable, Sendable {
    /// So many a second, answered or not: request i is due at i / rate, and its latency counts from
    /// when it was due.
    case open(rate: Double)
    /// The next as soon as one is answered, so many under way at a time.
    case closed(outstanding: Int)
  }

  /// How requests reach the server.
  package enum Connections: Hashable, Sendable {
    /// Over so many connections that stay, in turn.
    case kept(Int)
    /// Each over one of its own, as a proxy does.
    case fresh
  }

  /// The server.
  package var address: GRPCAddress
  /// The server's trust anchors, PEM.
  package var rootsPEM: String
  /// The name in the server's certificate; the host of its address when nil.
  package var serverName: String?
  /// Bearer tokens, used in turn.
  package var tokens: [String]
  /// The kind of key in the signing requests.
  package var keyType = KeyType.ecdsaP256
  /// How many different signing requests are made, each for a key of its own.
  package var requestCount = 32
  /// When requests are sent.
  package var pace = Pace.closed(outstanding: 8)
  /// How requests reach the server.
  package var connections = Connections.kept(2)
  /// How long requests are sent.
  package var duration = Duration.seconds(10)
  /// How long after that the last answers are waited for.
  package var answerTimeout = Duration.seconds(10)
  /// The server's process, when it runs on this machine.
  package var serverPID: Int32?

  /// A measurement with a token, ten seconds long.
  package init(address: GRPCAddress, rootsPEM: String, tokens: [String]) {
    self.address = address
    self.rootsPEM = rootsPEM
    self.tokens = tokens
  }
}
