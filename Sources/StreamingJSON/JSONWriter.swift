/// Writes compact JSON into one buffer.
///
/// The caller keeps the structure right (a key before each member's value, every `begin` ended);
/// commas and escapes are the writer's.
package struct JSONWriter: Sendable {
  /// What was written so far, in UTF-8.
  package private(set) var bytes: [UInt8] = []
  private var needsComma = false

  /// Creates a writer with room for `capacity` bytes.
  package init(capacity: Int = 0) {
    bytes.reserveCapacity(capacity)
  }

  /// What was written so far.
  package var text: String { String(decoding: bytes, as: UTF8.self) }

  /// Opens an object.
  package mutating func beginObject() {
    open(UInt8(ascii: "{"))
  }

  /// Closes the object.
  package mutating func endObject() {
    close(UInt8(ascii: "}"))
  }

  /// Opens an array.
  package mutating func beginArray() {
    open(UInt8(ascii: "["))
  }

  /// Closes the array.
  package mutating func endArray() {
    close(UInt8(ascii: "]"))
  }

  /// Writes a member's key.
  package mutating func key(_ key: String) {
    separate()
    quote(key)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  /// Writes a member with a string value.
  package mutating func member(_ key: String, _ text: String) {
    self.key(key)
    string(text)
  }

  /// Writes a string.
  package mutating func string(_ text: String) {
    separate()
    quote(text)
    needsComma = true
  }

  /// Writes an integer.
  package mutating func integer(_ value: some BinaryInteger) {
    scalar(String(value))
  }

  /// Writes a double; what JSON cannot express (infinities, NaN) becomes `null`.
  package mutating func number(_ value: Double) {
    scalar(value.isFinite ? String(value) : "null")
  }

  /// Writes a boolean.
  package mutating func bool(_ value: Bool) {
    scalar(value ? "true" : "false")
  }

  /// Writes `null`.
  package mutating func null() {
    scalar("null")
  }

  /// Splices JSON text that is known to be one well-formed value.
  package mutating func raw(_ value: some Collection<UInt8>) {
    separate()
    bytes.append(contentsOf: value)
    needsComma = true
  }

  /// Writes any value.
  package mutating func value(_ value: JSONValue) {
    switch value {
    case .null: null()
    case .bool(let flag): bool(flag)
    case .integer(let number): integer(number)
    case .number(let number): self.number(number)
    case .string(let text): string(text)
    case .array(let elements):
      beginArray()
      for element in elements { self.value(element) }
      endArray()
    case .object(let object):
      beginObject()
      for (key, member) in object {
        self.key(key)
        self.value(member)
      }
      endObject()
    }
  }

  private mutating func open(_ bracket: UInt8) {
    separate()
    bytes.append(bracket)
    needsComma = false
  }

  private mutating func close(_ bracket: UInt8) {
    bytes.append(bracket)
    needsComma = true
  }

  private mutating func scalar(_ text: String) {
    separate()
    bytes.append(contentsOf: text.utf8)
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
  }

  private mutating func quote(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case 0x0A: bytes.append(contentsOf: "\\n".utf8)
      case 0x0D: bytes.append(contentsOf: "\\r".utf8)
      case 0x09: bytes.append(contentsOf: "\\t".utf8)
      case 0..<0x20:
        let digits = Array("0123456789abcdef".utf8)
        bytes.append(contentsOf: "\\u00".utf8)
        bytes.append(digits[Int(byte >> 4)])
        bytes.append(digits[Int(byte & 15)])
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
