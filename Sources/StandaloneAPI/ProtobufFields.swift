/// The fields of one protobuf message: the length-delimited ones and the whole numbers.
struct ProtobufFields {
  private var fields: [(UInt64, ArraySlice<UInt8>)] = []
  private var numbers: [UInt64: UInt64] = [:]

  /// Splits a message into fields; `nil` when it is malformed.
  init?(_ bytes: ArraySlice<UInt8>) {
    var rest = bytes
    while !rest.isEmpty {
      guard let tag = Self.varint(&rest) else { return nil }
      switch tag & 7 {
      case 0:
        guard let number = Self.varint(&rest) else { return nil }
        numbers[tag >> 3] = number
      case 1:
        guard rest.count >= 8 else { return nil }
        rest = rest.dropFirst(8)
      case 2:
        guard let length = Self.varint(&rest), length <= UInt64(rest.count) else { return nil }
        fields.append((tag >> 3, rest.prefix(Int(length))))
        rest = rest.dropFirst(Int(length))
      case 5:
        guard rest.count >= 4 else { return nil }
        rest = rest.dropFirst(4)
      default: return nil
      }
    }
  }

  /// The last value of a field.
  subscript(_ number: UInt64) -> ArraySlice<UInt8>? {
    fields.last { $0.0 == number }?.1
  }

  func text(_ number: UInt64) -> String {
    self[number].map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  /// The last value of a field of whole numbers.
  func number(_ field: UInt64) -> Int64? {
    numbers[field].map { Int64(bitPattern: $0) }
  }

  /// Every value of a repeated field of text.
  func texts(_ number: UInt64) -> [String] {
    fields.filter { $0.0 == number }.map { String(decoding: $0.1, as: UTF8.self) }
  }

  /// The entries of a map field; `nil` when one is malformed.
  func map(_ number: UInt64) -> [(String, [UInt8])]? {
    var entries: [(String, [UInt8])] = []
    for (field, bytes) in fields where field == number {
      guard let entry = ProtobufFields(bytes) else { return nil }
      entries.append((entry.text(1), Array(entry[2] ?? [])))
    }
    return entries
  }

  private static func varint(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard let byte = bytes.popFirst() else { return nil }
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
    }
    return nil
  }
}
