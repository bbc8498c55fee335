import ProtobufWire
import StreamingJSON
import SwiftProtobuf
import Testing

@testable import EnvoyAPI

/// Every field of every message as SwiftProtobuf reads and prints it.
struct FieldTests {
  static let names = MessageSchemas.messages.keys.sorted()

  init() {
    for type in MessageTwins.types.values { _ = Google_Protobuf_Any.register(messageType: type) }
  }

  @Test("Every message has a twin, but for the entries of maps")
  func twins() {
    let entries = Set(
      MessageSchemas.messages.values.flatMap(\.values).compactMap { field in
        if field.isMap, case .message(let name) = field.kind { name } else { nil }
      })
    let missing = Set(Self.names).subtracting(MessageTwins.types.keys).subtracting(entries)
    #expect(missing.isEmpty)
    #expect(MessageTwins.types.count > 100)
  }

  @Test("SwiftProtobuf reads each field alone and prints it as the printer does", arguments: names)
  func fields(name: String) throws {
    guard let twin = MessageTwins.types[name] else { return }
    for (number, field) in MessageSchemas.messages[name] ?? [:] {
      let bytes = Self.bytes(number, field)
      var options = JSONEncodingOptions()
      options.preserveProtoFieldNames = true
      let message: any Message = try twin.init(serializedBytes: bytes)
      let text: [UInt8] = try message.jsonUTF8Bytes(options: options)
      let expected = try JSONValue(parsing: text)
      let printed = MessagePrinter.json(bytes[...], type: name, showsPrivateKeys: true)
      #expect(
        expected[field.name] != nil, "\(name).\(field.name) is another field to SwiftProtobuf")
      #expect(Self.plain(printed) == Self.plain(expected), "\(name).\(field.name)")
    }
  }

  /// A double without a fraction is written with and without one.
  private static func plain(_ value: JSONValue) -> JSONValue {
    switch value {
    case .number(let number): Int64(exactly: number).map(JSONValue.integer) ?? value
    case .array(let elements): .array(elements.map(plain))
    case .object(let object):
      .object(
        object.reduce(into: JSONObject()) { result, member in
          result[member.key] = plain(member.value)
        })
    default: value
    }
  }

  /// A message with one field, whose value is not the default.
  private static func bytes(_ number: UInt32, _ field: MessageSchemas.Field) -> [UInt8] {
    var buffer = WireBuffer()
    switch field.kind {
    case .string: buffer.string(number, "text \u{e9}")
    case .bytes: buffer.data(number, [0, 255, 10])
    case .bool: buffer.bool(number, true)
    case .signed: buffer.int64(number, -7)
    case .unsigned, .wideInteger: buffer.uint64(number, 4_000_000_000)
    case .double: buffer.double(number, 2.5)
    case .float: buffer.float(number, 2.5)
    case .enumeration(let type):
      let values = MessageSchemas.enumerations[type] ?? [:]
      buffer.int64(number, values.keys.max() ?? 0)
    case .message(let type) where field.isMap: buffer.data(number, entry(type))
    case .message(let type): buffer.data(number, content(type))
    }
    return buffer.bytes
  }

  private static func entry(_ type: String) -> [UInt8] {
    var buffer = WireBuffer()
    buffer.string(1, "key")
    guard let value = MessageSchemas.messages[type]?[2] else { return buffer.bytes }
    return buffer.bytes + bytes(2, value)
  }

  /// The content of a message that every type can hold; well-known types say something by it.
  private static func content(_ type: String) -> [UInt8] {
    var buffer = WireBuffer()
    switch type {
    case "google.protobuf.Duration":
      buffer.int64(1, 3)
      buffer.int64(2, 250_123_456)
    case "google.protobuf.Any":
      buffer.string(1, "type.googleapis.com/envoy.config.core.v3.Locality")
      buffer.data(2, Envoy.Locality.encode { $0.region("r1") })
    case "google.protobuf.UInt32Value", "google.protobuf.UInt64Value": buffer.uint64(1, 9)
    case "google.protobuf.BoolValue": buffer.bool(1, true)
    case "google.protobuf.DoubleValue": buffer.double(1, 0.5)
    case "google.protobuf.StringValue": buffer.string(1, "text")
    case "google.protobuf.Struct":
      buffer.structure(
        1,
        WireStruct([
          .init("a", .list([.bool(true), .null, .number(1.5), .string("x")])),
          .init("b", .object(WireStruct())),
        ]))
      // The field's number is not the struct's, so take the content out of it.
      buffer.bytes.removeFirst(2)
    default: break
    }
    return buffer.bytes
  }
}
