/// A writer of one message type: each method appends one field.
///
/// Writers are generated from the `.proto` files of `EnvoyAPI`. A field that a proto3 message omits at
/// its default value is omitted here too; calling a method of a repeated field again appends an element.
package protocol WireMessage {
  /// The full name of the message type, such as `envoy.config.cluster.v3.Cluster`.
  static var typeName: String { get }
  /// The message's type URL, as `google.protobuf.Any` carries it.
  static var typeURL: String { get }
  /// What has been written so far.
  var wire: WireBuffer { get set }
  init()
}

extension WireMessage {
  /// The bytes of a message that `body` writes.
  package static func encode(capacity: Int = 256, _ body: (inout Self) -> Void) -> [UInt8] {
    var message = Self()
    message.wire = WireBuffer(capacity: capacity)
    body(&message)
    return message.wire.bytes
  }

  /// The bytes of a `google.protobuf.Any` around a message that `body` writes.
  package static func encodeAny(_ body: (inout Self) -> Void) -> [UInt8] {
    let payload = encode(body)
    var buffer = WireBuffer(capacity: payload.count + typeURL.utf8.count + 8)
    buffer.string(1, typeURL)
    if !payload.isEmpty { buffer.data(2, payload) }
    return buffer.bytes
  }
}
