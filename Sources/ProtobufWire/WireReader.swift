/// Reads the fields of a protobuf message one by one, without building it.
///
/// The reader never copies and never traps: malformed bytes end the iteration with an error.
package struct WireReader: Sendable {
  private let bytes: ArraySlice<UInt8>
  private var position: Int

  package init(_ bytes: [UInt8]) {
    self.init(bytes[...])
  }

  package init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  /// The value of a field.
  package enum Value: Sendable {
    case integer(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    case data(ArraySlice<UInt8>)
  }

  /// A field's number and value.
  package struct Field: Sendable {
    package var number: UInt32
    package var value: Value
  }

  /// What is wrong with the bytes.
  package enum Malformed: Error, Sendable {
    case truncated
    case varintTooLong
    case unknownWireType
    case fieldNumber
  }

  /// The next field, or nil at the end of the message.
  package mutating func next() throws(Malformed) -> Field? {
    guard position < bytes.endIndex else { return nil }
    let key = try varint()
    guard let number = UInt32(exactly: key >> 3), number > 0 else { throw .fieldNumber }
    switch key & 7 {
    case 0: return Field(number: number, value: .integer(try varint()))
    case 1: return Field(number: number, value: .fixed64(try fixed(8)))
    case 2: return Field(number: number, value: .data(try slice()))
    case 5: return Field(number: number, value: .fixed32(UInt32(truncatingIfNeeded: try fixed(4))))
    default: throw .unknownWireType
    }
  }

  private mutating func varint() throws(Malformed) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), through: 63, by: 7) {
      guard position < bytes.endIndex else { throw .truncated }
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw .varintTooLong
  }

  private mutating func fixed(_ count: Int) throws(Malformed) -> UInt64 {
    guard bytes.endIndex - position >= count else { throw .truncated }
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(bytes[position + index]) << UInt64(8 * index) }
    position += count
    return value
  }

  private mutating func slice() throws(Malformed) -> ArraySlice<UInt8> {
    let length = try varint()
    guard length <= UInt64(bytes.endIndex - position) else { throw .truncated }
    let end = position + Int(length)
    defer { position = end }
    return bytes[position..<end]
  }
}
