package import NIOCore

/// The other end of a connection.
package struct GRPCPeer: Sendable {
  /// Its socket address; nil when the kernel does not say.
  package let remoteAddress: SocketAddress?
  /// Whether the connection is encrypted.
  package let isTLS: Bool
  /// The certificates it presented, leaf first, in DER; empty when none.
  ///
  /// The server's verification hook accepted them. Of a resumed session only the leaf is known, and it
  /// was accepted when the session began: whoever relies on it has to judge it again.
  package let certificateChainDER: [[UInt8]]

  /// A peer with these properties.
  package init(remoteAddress: SocketAddress?, isTLS: Bool, certificateChainDER: [[UInt8]]) {
    self.remoteAddress = remoteAddress
    self.isTLS = isTLS
    self.certificateChainDER = certificateChainDER
  }
}
