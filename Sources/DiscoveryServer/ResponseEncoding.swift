internal import NIOCore
internal import ProtobufWire
internal import XDSProtocol

/// Puts responses into bytes: the encoded resources one after the other, between a few fields of the
/// response's own.
enum ResponseEncoding {
  static func parts(
    _ response: DiscoveryResponse, _ variant: DiscoverySession.Variant
  ) -> [ByteBuffer] {
    var head = WireBuffer(capacity: 256)
    switch variant {
    case .stateOfTheWorld:
      head.string(1, response.version)
      head.string(4, response.type.typeURL)
      head.string(5, response.nonce)
    case .delta:
      head.string(1, response.version)
      head.string(4, response.type.typeURL)
      head.string(5, response.nonce)
      for name in response.removed { head.string(6, name) }
    }
    let size = response.resources.reduce(0) { $0 + $1.deltaEntry.count }
    var buffer = ByteBufferAllocator().buffer(capacity: head.bytes.count + size)
    buffer.writeBytes(head.bytes)
    for resource in response.resources {
      switch variant {
      case .delta: buffer.writeBytes(resource.deltaEntry)
      case .stateOfTheWorld:
        var key = WireBuffer(capacity: 8)
        key.tag(2, .lengthDelimited)
        key.varint(UInt64(resource.any.count))
        buffer.writeBytes(key.bytes)
        buffer.writeBytes(resource.any)
      }
    }
    return [buffer]
  }
}
