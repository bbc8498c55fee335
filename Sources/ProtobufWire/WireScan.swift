/// Walks over the length-delimited fields of a message, without a slice for each.
///
/// For messages with thousands of short fields, where counting references costs more than reading.
package enum WireScan {
  /// Calls `body` with the number, the place and the bytes of each length-delimited field; others are
  /// skipped. The bytes are valid during the call only.
  ///
  /// - Throws: `WireReader.Malformed` where the message ends early or is none; what `body` throws.
  package static func fields(
    of message: [UInt8], in range: Range<Int>,
    _ body: (_ number: UInt32, _ place: Range<Int>, _ bytes: UnsafeRawBufferPointer) throws -> Void
  ) throws {
    try unsafe message.withUnsafeBytes { buffer in
      guard range.lowerBound >= 0, range.upperBound <= buffer.count else {
        throw WireReader.Malformed.truncated
      }
      var position = range.lowerBound
      let end = range.upperBound
      while position < end {
        let key = try unsafe varint(buffer, &position, end)
        guard let number = UInt32(exactly: key >> 3), number > 0 else {
          throw WireReader.Malformed.fieldNumber
        }
        switch key & 7 {
        case 0: _ = try unsafe varint(buffer, &position, end)
        case 1: try skip(8, &position, end)
        case 5: try skip(4, &position, end)
        case 2:
          let length = try unsafe varint(buffer, &position, end)
          guard length <= UInt64(end - position) else { throw WireReader.Malformed.truncated }
          let place = position..<(position + Int(length))
          position = place.upperBound
          try unsafe body(number, place, UnsafeRawBufferPointer(rebasing: buffer[place]))
        default: throw WireReader.Malformed.unknownWireType
        }
      }
    }
  }

  private static func skip(_ count: Int, _ position: inout Int, _ end: Int) throws {
    guard end - position >= count else { throw WireReader.Malformed.truncated }
    position += count
  }

  private static func varint(
    _ buffer: UnsafeRawBufferPointer, _ position: inout Int, _ end: Int
  ) throws -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), through: 63, by: 7) {
      guard position < end else { throw WireReader.Malformed.truncated }
      let byte = unsafe buffer[position]
      position += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw WireReader.Malformed.varintTooLong
  }
}
