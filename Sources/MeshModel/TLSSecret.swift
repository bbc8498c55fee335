/// What a Secret holds that a gateway can prove who it is with, or verify others by.
package enum TLSSecret: Hashable, Sendable {
  case held(Contents)
  /// There was one and it was deleted: proxies go on with what they hold, and nobody is given it anew.
  case withdrawn

  package struct Contents: Hashable, Sendable {
    package var keyPair: KeyPair?
    /// Certificates in PEM; empty for none.
    package var roots: [UInt8]

    package init(keyPair: KeyPair? = nil, roots: [UInt8] = []) {
      self.keyPair = keyPair
      self.roots = roots
    }
  }

  /// A certificate chain with its key, both in PEM.
  package struct KeyPair: Hashable, Sendable, CustomStringConvertible {
    package var chain: [UInt8]
    package var privateKey: [UInt8]

    package init(chain: [UInt8], privateKey: [UInt8]) {
      self.chain = chain
      self.privateKey = privateKey
    }

    /// Does not show the key.
    package var description: String { "certificate and key" }
  }
}
