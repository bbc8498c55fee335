internal import NIOCore
internal import ProtobufWire
internal import XDSProtocol

/// A request that a simulated proxy sends, in either variant of the protocol.
struct ProxyRequest {
  var type: ResourceType
  /// The version last accepted; only in the state of the world.
  var version = ""
  var nonce = ""
  /// The reason of a refusal.
  var error: String?
  /// The new names in the incremental variant.
  var names: [String] = []
  /// All names in the state of the world, as they stand in the request: they are the same in every
  /// acknowledgement.
  var encodedNames: [UInt8] = []
  var unsubscribed: [String] = []
  /// What an earlier stream left; only in the incremental variant's first request of a type.
  var held: [(name: String, version: String)] = []

  init(_ type: ResourceType) {
    self.type = type
  }

  /// The bytes of names in a request of the state of the world.
  static func encode(_ names: [String]) -> [UInt8] {
    var wire = WireBuffer()
    for name in names { wire.string(3, name) }
    return wire.bytes
  }

  /// The bytes of the request; `node`, an encoded `Node`, stands in the first one of a stream.
  func encoded(isDelta: Bool, node: [UInt8]?) -> ByteBuffer {
    var wire = WireBuffer(capacity: 256)
    let error = error.map { message in
      var status = WireBuffer()
      // `INTERNAL`, as Envoy has it.
      status.int64(1, 13)
      status.string(2, message)
      return status.bytes
    }
    if isDelta {
      if let node { wire.data(1, node) }
      wire.string(2, type.typeURL)
      for name in names { wire.string(3, name) }
      for name in unsubscribed { wire.string(4, name) }
      for (name, version) in held { wire.entry(5, name) { $0.string(2, version) } }
      if !nonce.isEmpty { wire.string(6, nonce) }
      if let error { wire.data(7, error) }
    } else {
      if !version.isEmpty { wire.string(1, version) }
      if let node { wire.data(2, node) }
      wire.bytes += encodedNames
      wire.string(4, type.typeURL)
      if !nonce.isEmpty { wire.string(5, nonce) }
      if let error { wire.data(6, error) }
    }
    return ByteBuffer(bytes: wire.bytes)
  }
}
