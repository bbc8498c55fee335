/// Bytes of a protobuf message that is being written front to back.
///
/// The buffer writes the wire format of <https://protobuf.dev/programming-guides/encoding/>. A nested
/// message reserves one byte for its length and moves its bytes only when they are 128 or more.
package struct WireBuffer: Sendable {
  /// What has been written so far.
  package var bytes: [UInt8] = []

  package init() {}

  /// Makes room for a message of about `capacity` bytes.
  package init(capacity: Int) {
    bytes.reserveCapacity(capacity)
  }

  /// Appends `value` in base 128, least significant group first.
  package mutating func varint(_ value: UInt64) {
    var rest = value
    while rest > 0x7F {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  /// Appends the key of a field.
  package mutating func tag(_ field: UInt32, _ type: WireType) {
    varint(UInt64(field) << 3 | UInt64(type.rawValue))
  }

  /// Appends an integer, boolean or enumeration field, whatever its value.
  package mutating func uint64(_ field: UInt32, _ value: UInt64) {
    tag(field, .varint)
    varint(value)
  }

  /// Appends a signed integer field in two's complement, as `int32`, `int64` and enumerations are.
  package mutating func int64(_ field: UInt32, _ value: Int64) {
    uint64(field, UInt64(bitPattern: value))
  }

  /// Appends a boolean field.
  package mutating func bool(_ field: UInt32, _ value: Bool) {
    uint64(field, value ? 1 : 0)
  }

  /// Appends a double field.
  package mutating func double(_ field: UInt32, _ value: Double) {
    tag(field, .fixed64)
    var bits = value.bitPattern
    for _ in 0..<8 {
      bytes.append(UInt8(truncatingIfNeeded: bits))
      bits >>= 8
    }
  }

  /// Appends a float field.
  package mutating func float(_ field: UInt32, _ value: Float) {
    tag(field, .fixed32)
    var bits = value.bitPattern
    for _ in 0..<4 {
      bytes.append(UInt8(truncatingIfNeeded: bits))
      bits >>= 8
    }
  }

  /// Appends a string field.
  package mutating func string(_ field: UInt32, _ value: String) {
    tag(field, .lengthDelimited)
    varint(UInt64(value.utf8.count))
    bytes.append(contentsOf: value.utf8)
  }

  /// Appends a bytes field, or a message field whose bytes exist already.
  package mutating func data(_ field: UInt32, _ value: [UInt8]) {
    tag(field, .lengthDelimited)
    varint(UInt64(value.count))
    bytes.append(contentsOf: value)
  }

  /// Appends a message field whose content `body` writes.
  package mutating func message<Message: WireMessage>(
    _ field: UInt32, _ body: (inout Message) -> Void
  ) {
    let start = open(field)
    nest(body)
    close(start)
  }

  /// Appends a field of type `google.protobuf.Any` whose payload `body` writes.
  package mutating func any<Message: WireMessage>(
    _ field: UInt32, _ type: Message.Type, _ body: (inout Message) -> Void
  ) {
    let outer = open(field)
    string(1, Message.typeURL)
    let start = open(2)
    nest(body)
    if bytes.count == start + 1 {
      // An empty payload is the default, so neither its key nor its length is written.
      bytes.removeLast(2)
    } else {
      close(start)
    }
    close(outer)
  }

  /// Appends an entry of a map from strings; `value` writes field 2 of the entry.
  package mutating func entry(
    _ field: UInt32, _ key: String, _ value: (inout WireBuffer) -> Void
  ) {
    let start = open(field)
    string(1, key)
    value(&self)
    close(start)
  }

  /// Begins a length-delimited field and answers where its length stands.
  package mutating func open(_ field: UInt32) -> Int {
    tag(field, .lengthDelimited)
    bytes.append(0)
    return bytes.count - 1
  }

  /// Ends the length-delimited field whose length stands at `start`.
  package mutating func close(_ start: Int) {
    let length = bytes.count - start - 1
    if length < 0x80 {
      bytes[start] = UInt8(truncatingIfNeeded: length)
      return
    }
    var encoded = WireBuffer()
    encoded.varint(UInt64(length))
    bytes.replaceSubrange(start...start, with: encoded.bytes)
  }

  private mutating func nest<Message: WireMessage>(_ body: (inout Message) -> Void) {
    var message = Message()
    swap(&message.wire, &self)
    body(&message)
    swap(&message.wire, &self)
  }
}

/// The wire types of protobuf that this project writes.
package enum WireType: UInt8, Sendable {
  case varint = 0
  case fixed64 = 1
  case lengthDelimited = 2
  case fixed32 = 5
}
