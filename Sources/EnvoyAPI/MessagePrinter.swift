internal import ProtobufWire
package import StreamingJSON

/// Prints serialized messages as JSON, by protobuf's rules with the field names of the `.proto` files.
///
/// Source: <https://protobuf.dev/programming-guides/json/>. Fields that the schemas do not know are left
/// out; damaged bytes end the message they are in.
package enum MessagePrinter {
  /// What holds for a part of a message.
  struct Context {
    var depth = 0
    var showsPrivateKeys = false

    var deeper: Context { Context(depth: depth + 1, showsPrivateKeys: showsPrivateKeys) }
  }

  /// The fields whose content nobody shall see, and what Envoy shows in their place.
  private static let confidentialFields: Set<String> = ["private_key"]
  private static let redacted: JSONValue = ["inline_bytes": "W3JlZGFjdGVkXQ=="]

  /// The JSON of a message of the given full name; nesting deeper than 64 levels is cut off.
  ///
  /// Private keys are replaced by the word `[redacted]` unless they are asked for.
  package static func json(
    _ bytes: ArraySlice<UInt8>, type: String, showsPrivateKeys: Bool = false
  ) -> JSONValue {
    json(bytes, type: type, Context(showsPrivateKeys: showsPrivateKeys))
  }

  static func json(_ bytes: ArraySlice<UInt8>, type: String, _ context: Context) -> JSONValue {
    guard context.depth < 64 else { return .null }
    if let wellKnown = WellKnownPrinter.json(bytes, type: type, context) { return wellKnown }
    let schema = MessageSchemas.messages[type] ?? [:]
    var object = JSONObject()
    var lists: [String: [JSONValue]] = [:]
    var maps: [String: JSONObject] = [:]
    var reader = WireReader(bytes)
    while let field = (try? reader.next()).flatMap({ $0 }) {
      guard let known = schema[field.number] else { continue }
      if confidentialFields.contains(known.name), !context.showsPrivateKeys {
        object[known.name] = redacted
      } else if known.isMap {
        let entry = mapEntry(field, known, context)
        if object[known.name] == nil { object[known.name] = .null }
        maps[known.name, default: JSONObject()][entry.key] = entry.value
      } else if known.isList {
        if object[known.name] == nil { object[known.name] = .null }
        lists[known.name, default: []] += values(field, known.kind, context)
      } else {
        object[known.name] = value(field.value, known.kind, context)
      }
    }
    for (name, list) in lists { object[name] = .array(list) }
    for (name, map) in maps { object[name] = .object(map) }
    return .object(object)
  }

  private static func mapEntry(
    _ field: WireReader.Field, _ known: MessageSchemas.Field, _ context: Context
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
        result = self.value(part.value, value.kind, context.deeper)
      }
    }
    return (key, result)
  }

  /// The elements of a list field; numbers may be packed.
  private static func values(
    _ field: WireReader.Field, _ kind: MessageSchemas.Kind, _ context: Context
  ) -> [JSONValue] {
    switch kind {
    case .string, .bytes, .message: return [value(field.value, kind, context)]
    default: break
    }
    guard case .data(let bytes) = field.value else { return [value(field.value, kind, context)] }
    var values: [JSONValue] = []
    var number: UInt64 = 0
    var shift: UInt64 = 0
    for byte in bytes {
      number |= UInt64(byte & 0x7F) &<< shift
      shift += 7
      if byte < 0x80 || shift > 63 {
        values.append(value(.integer(number), kind, context))
        number = 0
        shift = 0
      }
    }
    return values
  }

  private static func value(
    _ value: WireReader.Value, _ kind: MessageSchemas.Kind, _ context: Context
  ) -> JSONValue {
    switch (value, kind) {
    case (.data(let bytes), .string): .string(String(decoding: bytes, as: UTF8.self))
    case (.data(let bytes), .bytes): .string(WellKnownPrinter.base64(bytes))
    case (.data(let bytes), .message(let type)): json(bytes, type: type, context.deeper)
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
