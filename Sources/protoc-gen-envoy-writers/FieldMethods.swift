import SwiftProtobuf
import SwiftProtobufPluginLibrary

/// The methods that write one field, as Swift source after `package mutating func `.
struct FieldMethods {
  let field: FieldDescriptor
  let names: SwiftNames

  private var name: String { SwiftNames.member(field.name) }
  private var number: Int32 { field.number }
  /// Whether the default value is written too: in lists, oneofs and optional fields it says something.
  private var always: Bool { field.isRepeated || field.hasPresence }

  var methods: [String] {
    if field.isMap { return map() }
    switch field.type {
    case .message: return message(field.messageType)
    case .enum: return enumeration()
    case .string: return scalar("String", "string", isDefault: "value.isEmpty")
    case .bytes: return scalar("[UInt8]", "data", isDefault: "value.isEmpty")
    case .bool: return scalar("Bool", "bool", isDefault: "!value")
    case .double: return scalar("Double", "double", isDefault: "value == 0")
    case .float: return scalar("Float", "float", isDefault: "value == 0")
    case .int32: return integer("Int32", "int64", "Int64(value)")
    case .int64: return integer("Int64", "int64", "value")
    case .uint32: return integer("UInt32", "uint64", "UInt64(value)")
    case .uint64: return integer("UInt64", "uint64", "value")
    // A tool of the build, whose only input are our own .proto files.
    default: preconditionFailure("\(field.fullName): type \(field.type) has no writer")
    }
  }

  private func guarded(_ isDefault: String, _ call: String) -> String {
    always ? call : "if \(isDefault) { return }; \(call)"
  }

  private func scalar(_ type: String, _ method: String, isDefault: String) -> [String] {
    ["\(name)(_ value: \(type)) { \(guarded(isDefault, "wire.\(method)(\(number), value)")) }"]
  }

  private func integer(_ type: String, _ method: String, _ value: String) -> [String] {
    guard field.isRepeated else {
      let call = guarded("value == 0", "wire.\(method)(\(number), \(value))")
      return ["\(name)(_ value: \(type)) { \(call) }"]
    }
    return [
      "\(name)(_ values: [\(type)]) { if values.isEmpty { return }; let start = wire.open(\(number)); "
        + "for value in values { wire.varint(UInt64(truncatingIfNeeded: value)) }; wire.close(start) }"
    ]
  }

  private func enumeration() -> [String] {
    let type = "Envoy." + names.swiftName(field.enumType)
    let call = guarded("value.rawValue == 0", "wire.int64(\(number), Int64(value.rawValue))")
    return ["\(name)(_ value: \(type)) { \(call) }"]
  }

  private func message(_ type: Descriptor) -> [String] {
    switch type.fullName {
    case "google.protobuf.Duration":
      return ["\(name)(_ value: WireDuration) { wire.duration(\(number), value) }"]
    case "google.protobuf.Struct":
      return ["\(name)(_ value: WireStruct) { wire.structure(\(number), value) }"]
    case "google.protobuf.BoolValue":
      return ["\(name)(_ value: Bool) { wire.wrapped(\(number), value) }"]
    case "google.protobuf.UInt32Value":
      return ["\(name)(_ value: UInt32) { wire.wrapped(\(number), UInt64(value)) }"]
    case "google.protobuf.UInt64Value":
      return ["\(name)(_ value: UInt64) { wire.wrapped(\(number), value) }"]
    case "google.protobuf.DoubleValue":
      return ["\(name)(_ value: Double) { wire.wrapped(\(number), value) }"]
    case "google.protobuf.StringValue":
      return ["\(name)(_ value: String) { wire.wrapped(\(number), value) }"]
    case "google.protobuf.Any":
      return [
        "\(name)<Message: WireMessage>(_ type: Message.Type, _ body: (inout Message) -> Void = { _ in }) "
          + "{ wire.any(\(number), type, body) }",
        "\(name)(encoded any: [UInt8]) { wire.data(\(number), any) }",
      ]
    default:
      return [
        "\(name)(_ body: (inout Envoy.\(names.swiftName(type))) -> Void = { _ in }) "
          + "{ wire.message(\(number), body) }",
        "\(name)(encoded message: [UInt8]) { wire.data(\(number), message) }",
      ]
    }
  }

  private func map() -> [String] {
    guard let value = field.messageType.fields.first(where: { $0.number == 2 }) else { return [] }
    switch value.type {
    case .string:
      return [
        "\(name)(_ key: String, _ value: String) { wire.entry(\(number), key) { $0.string(2, value) } }"
      ]
    case .message where value.messageType.fullName == "google.protobuf.Any":
      return [
        "\(name)<Message: WireMessage>(_ key: String, _ type: Message.Type, "
          + "_ body: (inout Message) -> Void = { _ in }) "
          + "{ wire.entry(\(number), key) { $0.any(2, type, body) } }"
      ]
    case .message where value.messageType.fullName == "google.protobuf.Struct":
      return [
        "\(name)(_ key: String, _ value: WireStruct) { wire.entry(\(number), key) { $0.structure(2, value) } }"
      ]
    // As above.
    default: preconditionFailure("\(field.fullName): this map has no writer")
    }
  }
}
