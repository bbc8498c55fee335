import ProtobufWire
import Testing

struct WireReaderTests {
  @Test(
    "Damaged bytes are an error and nothing else",
    arguments: [
      ([0x08], .truncated),
      ([0x80], .truncated),
      ([0x08, 0xFF, 0xFF], .truncated),
      ([0x0A, 0x05, 0x01], .truncated),
      ([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], .truncated),
      ([0x09, 0, 0, 0, 0, 0, 0, 0], .truncated),
      ([0x0D, 0, 0, 0], .truncated),
      ([0x08] + [UInt8](repeating: 0x80, count: 10) + [0x01], .varintTooLong),
      ([UInt8](repeating: 0xFF, count: 11), .varintTooLong),
      ([0x0B], .unknownWireType),
      ([0x0C], .unknownWireType),
      ([0x0E, 0x00], .unknownWireType),
      ([0x00, 0x01], .fieldNumber),
      ([0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0x00], .fieldNumber),
    ] as [([UInt8], WireReader.Malformed)])
  func malformed(bytes: [UInt8], error: WireReader.Malformed) {
    var reader = WireReader(bytes)
    #expect(throws: error) { try reader.next() }
  }

  @Test("An empty message has no fields")
  func empty() throws {
    var reader = WireReader([UInt8]())
    #expect(try reader.next() == nil)
  }

  @Test("Fields come one by one up to the damage")
  func partial() throws {
    var buffer = WireBuffer()
    buffer.uint64(1, 300)
    buffer.string(2, "whole")
    buffer.string(3, "cut off")
    var reader = WireReader(buffer.bytes.dropLast(1))
    #expect(try reader.next()?.number == 1)
    #expect(try reader.next()?.number == 2)
    #expect(throws: WireReader.Malformed.truncated) { try reader.next() }
  }

  @Test("A slice is read from where it starts")
  func slice() throws {
    var buffer = WireBuffer()
    buffer.uint64(1, 7)
    var reader = WireReader(([0xFF, 0xFF] + buffer.bytes + [0xFF])[2..<4])
    let field = try #require(try reader.next())
    #expect(field.number == 1)
    #expect(try reader.next() == nil)
  }

  @Test("No two bytes at the start of a message make the reader trap")
  func exhaustive() {
    var read = 0
    for first in UInt8.min...UInt8.max {
      for second in UInt8.min...UInt8.max {
        var reader = WireReader([first, second, 0x01])
        while (try? reader.next()).flatMap({ $0 }) != nil { read += 1 }
      }
    }
    #expect(read > 5_000)
  }
}
