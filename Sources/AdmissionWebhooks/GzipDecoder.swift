/// Why gzip data cannot be expanded.
enum GzipError: Error, Hashable, CustomStringConvertible {
  /// It would have more bytes than allowed.
  case tooLarge
  /// It is not what RFC 1952 and RFC 1951 describe.
  case malformed(String)

  var description: String {
    switch self {
    case .tooLarge: "it expands to more than is allowed"
    case .malformed(let reason): reason
    }
  }
}

/// Expands gzip data (RFC 1952) up to a limit.
enum GzipDecoder {
  /// The contents of all members of the data.
  ///
  /// Memory and time are bounded by the limit and the length of the data, whatever that says.
  static func decode(_ bytes: [UInt8], limit: Int) throws(GzipError) -> [UInt8] {
    var output: [UInt8] = []
    var position = 0
    repeat {
      position = try skipHeader(bytes, from: position)
      let start = output.count
      var inflate = Inflate(bytes, from: position, output: output, limit: limit)
      output = []
      try inflate.run()
      output = inflate.output
      position = inflate.nextByte
      let checksum = try word(bytes, at: position)
      let size = try word(bytes, at: position + 4)
      position += 8
      guard CRC32.checksum(output[start...]) == checksum,
        UInt32(truncatingIfNeeded: output.count - start) == size
      else { throw .malformed("the checksum does not match") }
    } while position < bytes.count
    return output
  }

  private static func skipHeader(_ bytes: [UInt8], from start: Int) throws(GzipError) -> Int {
    guard start <= bytes.count - 10, bytes[start] == 0x1F, bytes[start + 1] == 0x8B,
      bytes[start + 2] == 8
    else { throw .malformed("it is not gzip") }
    let flags = bytes[start + 3]
    guard flags & 0xE0 == 0 else { throw .malformed("the header has unknown flags") }
    var position = start + 10
    if flags & 4 != 0 {
      guard position <= bytes.count - 2 else { throw .malformed("the header is cut off") }
      position += 2 + Int(bytes[position]) + Int(bytes[position + 1]) << 8
    }
    // The name and the comment end with a zero byte each.
    for flag in [UInt8(8), 16] where flags & flag != 0 {
      guard position < bytes.count, let end = bytes[position...].firstIndex(of: 0) else {
        throw .malformed("the header is cut off")
      }
      position = end + 1
    }
    if flags & 2 != 0 { position += 2 }
    guard position <= bytes.count else { throw .malformed("the header is cut off") }
    return position
  }

  private static func word(_ bytes: [UInt8], at position: Int) throws(GzipError) -> UInt32 {
    guard position <= bytes.count - 4 else { throw .malformed("the checksum is cut off") }
    return (0..<4).reduce(0) { $0 | UInt32(bytes[position + $1]) << UInt32(8 * $1) }
  }
}

/// The checksum of gzip (ISO 3309).
enum CRC32 {
  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in
      value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1
    }
  }

  static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var value: UInt32 = 0xFFFF_FFFF
    let table = table
    for byte in bytes { value = table[Int((value ^ UInt32(byte)) & 0xFF)] ^ (value >> 8) }
    return value ^ 0xFFFF_FFFF
  }
}
