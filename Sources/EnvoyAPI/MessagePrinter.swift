internal import ProtobufWire
package import StreamingJSON

/// Prints serialized messages as JSON, by protobuf's rules with the field names of the `.proto` files.
///
/// Source: <https://protobuf.dev/programming-guides/json/>. Fields that the schemas do not know are left
/// out; damaged bytes end the message they are in.
package enum MessagePrinter {
  /// The JSON of a message of the given full name; nesting deeper than 64 levels is cut off.
  package static func json(_ bytes: ArraySlice<UInt8>, type: String, depth: Int = 0) -> JSONValue {
    guard depth < 64 else { return .null }
    if let wellKnown = WellKnownPrinter.json(bytes, type: type, depth: depth) { return wellKnown }
    let schema = MessageSchemas.messages[type] ?? [:]
    var object = JSONObject()
    var lists: [String: [JSONValue]] = [:]
    var maps: [String: JSONObject] = [:]
    var reader = WireReader(bytes)
    while let field = (try? reader.next()).flatMap({ $0 }) {
      guard let known = schema[field.number] else { continue }
      if known.isMap {
        let entry = mapEntry(field, known, depth)
        if object[known.name] == nil { object[known.name] = .null }
        maps[known.name, default: JSONObject()][entry.key] = entry.value
      } else if known.isList {
        if object[known.name] == nil { object[known.name] = .null }
        lists[known.name, default: []] += values(field, known.kind, depth)
      } else {
        object[known.name] = value(field.value, known.kind, depth)
      }
    }
    for (name, list) in lists { object[name] = .array(list) }
    for (name, map) in maps { object[name] = .object(map) }
    return .object(object)
  }

  private static func mapEntry(
    _ field: WireReader.Field, _ known: MessageSchemas.Field, _ depth: Int
  ) -> (key: String, value: JSONValue) {
    guard case .data(let bytes) = field.value, case .message(let type) = known.kind else {
      return ("", .null)
    }
    let value = MessageSchemas.messages[type]?[2]
    var key = ""
    var result: JSONValue = .object(JSONObject())
    var reader = WireReader(bytes)
    while let part = (try? reader.next()).flatMap({ $0 }) {
      if part.number == 1, case .data(let text) = part.value {
        key = String(decoding: text, as: UTF8.self)
      } else if part.number == 2, let value {
        result = self.value(part.value, value.kind, depth + 1)
      }
    }
    return (key, result)
  }

  /// The elements of a list field; numbers may be packed.
  private static func values(
    _ field: WireReader.Field, _ kind: MessageSchemas.Kind, _ depth: Int
  ) -> [JSONValue] {
    switch kind {
    case .string, .bytes, .message: return [value(field.value, kind, depth)]
    default: break
    }
    guard case .data(let bytes) = field.value else { return [value(field.value, kind, depth)] }
    var values: [JSONValue] = []
    var number: UInt64 = 0
    var shift: UInt64 = 0
    for byte in bytes {
      number |= UInt64(byte & 0x7F) &<< shift
      shift += 7
      if byte < 0x80 || shift > 63 {
        values.append(value(.integer(number), kind, depth))
        number = 0
        shift = 0
      }
    }
    return values
  }

  private static func value(
    _ value: WireReader.Value, _ kind: MessageSchemas.Kind, _ depth: Int
  ) -> JSONValue {
    switch (value, kind) {
    case (.data(let bytes), .string): .string(String(decoding: bytes, as: UTF8.self))
    case (.data(let bytes), .bytes): .string(WellKnownPrinter.base64(bytes))
    case (.data(let bytes), .message(let type)): json(bytes, type: type, depth: depth + 1)
    case (.integer(let number), .bool): .bool(number != 0)
    case (.integer(let number), .enumeration(let type)):
      MessageSchemas.enumerations[type]?[Int64(bitPattern: number)].map { .string($0) }
        ?? .integer(Int64(bitPattern: number))
    case (.integer(let number), .wideInteger): .string(String(number))
    case (.integer(let number), _): .integer(Int64(bitPattern: number))
    case (.fixed64(let bits), _): .number(Double(bitPattern: bits))
    case (.fixed32(let bits), _): .number(Double(Float(bitPattern: bits)))
    case (.data, _): .null
    }
  }
}
