internal import NIOCore
internal import NIOHTTP1

/// Writes one flat JSON object with an object of headers in it.
struct JSONText {
  private(set) var buffer: ByteBuffer
  private var isFirst = true

  init(capacity: Int) {
    buffer = ByteBufferAllocator().buffer(capacity: capacity)
  }

  mutating func begin() {
    buffer.writeStaticString("{")
  }

  mutating func end() {
    buffer.writeStaticString("}\n")
  }

  mutating func field(_ name: String, _ value: String) {
    key(name)
    string(value)
  }

  mutating func field(_ name: String, _ value: Int) {
    key(name)
    buffer.writeString(String(value))
  }

  /// All headers by their names in lower case; several values of one name are joined.
  mutating func headers(_ headers: HTTPHeaders) {
    var values: [(name: String, value: String)] = []
    for (name, value) in headers {
      let name = name.lowercased()
      if let index = values.firstIndex(where: { $0.name == name }) {
        values[index].value += ", " + value
      } else {
        values.append((name, value))
      }
    }
    key("headers")
    buffer.writeStaticString("{")
    isFirst = true
    for (name, value) in values {
      field(name, value)
    }
    buffer.writeStaticString("}")
    isFirst = false
  }

  private mutating func key(_ name: String) {
    if !isFirst {
      buffer.writeStaticString(",")
    }
    isFirst = false
    string(name)
    buffer.writeStaticString(":")
  }

  private mutating func string(_ text: String) {
    buffer.writeStaticString("\"")
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") })
    {
      buffer.writeString(text)
    } else {
      for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
          buffer.writeInteger(UInt8(ascii: "\\"))
          buffer.writeInteger(byte)
        case ..<0x20:
          let digits = String(byte, radix: 16)
          buffer.writeString("\\u00" + (byte < 16 ? "0" : "") + digits)
        default:
          buffer.writeInteger(byte)
        }
      }
    }
    buffer.writeStaticString("\"")
  }
}
