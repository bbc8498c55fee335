import ProtobufWire
import Testing

struct WireBufferTests {
  @Test(
    "Varints take seven bits a byte",
    arguments: [
      (0, [0x00]), (127, [0x7F]), (128, [0x80, 0x01]), (16_383, [0xFF, 0x7F]),
      (16_384, [0x80, 0x80, 0x01]),
      (UInt64.max, [UInt8](repeating: 0xFF, count: 9) + [0x01]),
    ] as [(UInt64, [UInt8])])
  func varints(value: UInt64, bytes: [UInt8]) {
    var buffer = WireBuffer()
    buffer.varint(value)
    #expect(buffer.bytes == bytes)
  }

  @Test(
    "Nested fields have the length of their content, however long its own encoding is",
    arguments: [0, 1, 127, 128, 129, 16_383, 16_384, 2_097_152])
  func lengths(count: Int) throws {
    let content = [UInt8](repeating: 0x5A, count: count)
    var buffer = WireBuffer()
    let outer = buffer.open(3)
    let inner = buffer.open(1)
    buffer.bytes += content
    buffer.close(inner)
    buffer.bool(2, true)
    buffer.close(outer)
    buffer.string(4, "after")

    var reader = WireReader(buffer.bytes)
    let first = try #require(try reader.next())
    #expect(first.number == 3)
    guard case .data(let nested) = first.value else { throw Mismatch() }
    var inside = WireReader(nested)
    let data = try #require(try inside.next())
    guard data.number == 1, case .data(let found) = data.value else { throw Mismatch() }
    #expect(Array(found) == content)
    guard case .integer(1)? = try inside.next()?.value else { throw Mismatch() }
    #expect(try inside.next() == nil)
    let last = try #require(try reader.next())
    guard last.number == 4, case .data(let text) = last.value else { throw Mismatch() }
    #expect(String(decoding: text, as: UTF8.self) == "after")
    #expect(try reader.next() == nil)
  }

  @Test("Negative integers are ten bytes of two's complement", arguments: [-1, -128, Int64.min])
  func negatives(value: Int64) throws {
    var buffer = WireBuffer()
    buffer.int64(1, value)
    #expect(buffer.bytes.count == 11)
    var reader = WireReader(buffer.bytes)
    guard case .integer(let bits)? = try reader.next()?.value else { throw Mismatch() }
    #expect(Int64(bitPattern: bits) == value)
  }

  @Test("Numbers of fixed width are little-endian")
  func fixed() throws {
    var buffer = WireBuffer()
    buffer.double(1, -2.5)
    buffer.float(536_870_911, 0.5)
    #expect(buffer.bytes.prefix(9) == [0x09, 0, 0, 0, 0, 0, 0, 0x04, 0xC0])
    var reader = WireReader(buffer.bytes)
    guard case .fixed64(let double)? = try reader.next()?.value else { throw Mismatch() }
    #expect(Double(bitPattern: double) == -2.5)
    let field = try #require(try reader.next())
    guard field.number == 536_870_911, case .fixed32(let float) = field.value else {
      throw Mismatch()
    }
    #expect(Float(bitPattern: float) == 0.5)
  }

  struct Mismatch: Error {}
}
