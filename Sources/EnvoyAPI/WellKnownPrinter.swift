internal import ProtobufWire
internal import StreamingJSON

/// Prints the messages of `google.protobuf` in their own forms.
enum WellKnownPrinter {
  static func json(
    _ bytes: ArraySlice<UInt8>, type: String, _ context: MessagePrinter.Context
  ) -> JSONValue? {
    let name = "google.protobuf."
    guard type.hasPrefix(name) else { return nil }
    switch type.dropFirst(name.count) {
    case "Any": return any(bytes, context)
    case "Duration": return .string(duration(bytes))
    case "BoolValue": return .bool(number(bytes) != 0)
    case "UInt32Value", "Int32Value": return .integer(Int64(bitPattern: number(bytes)))
    case "UInt64Value", "Int64Value": return .string(String(number(bytes)))
    case "DoubleValue": return double(bytes)
    case "StringValue": return .string(String(decoding: data(bytes, 1) ?? [], as: UTF8.self))
    case "Struct": return .object(structure(bytes, context))
    case "Value": return value(bytes, context)
    case "ListValue": return .array(list(bytes, context))
    default: return nil
    }
  }

  private static func any(
    _ bytes: ArraySlice<UInt8>, _ context: MessagePrinter.Context
  ) -> JSONValue {
    let url = String(decoding: data(bytes, 1) ?? [], as: UTF8.self)
    let type = url.split(separator: "/").last.map(String.init) ?? url
    var object = JSONObject()
    object["@type"] = .string(url)
    let payload = data(bytes, 2) ?? []
    if case .object(let content) = MessagePrinter.json(payload, type: type, context.deeper) {
      for (key, value) in content { object[key] = value }
    }
    return .object(object)
  }

  private static func data(_ bytes: ArraySlice<UInt8>, _ number: UInt32) -> ArraySlice<UInt8>? {
    var reader = WireReader(bytes)
    while let field = (try? reader.next()).flatMap({ $0 }) {
      if field.number == number, case .data(let found) = field.value { return found }
    }
    return nil
  }

  private static func number(_ bytes: ArraySlice<UInt8>, _ field: UInt32 = 1) -> UInt64 {
    var reader = WireReader(bytes)
    while let found = (try? reader.next()).flatMap({ $0 }) {
      if found.number == field, case .integer(let number) = found.value { return number }
    }
    return 0
  }

  private static func double(_ bytes: ArraySlice<UInt8>) -> JSONValue {
    var reader = WireReader(bytes)
    while let found = (try? reader.next()).flatMap({ $0 }) {
      if case .fixed64(let bits) = found.value { return .number(Double(bitPattern: bits)) }
    }
    return .number(0)
  }

  /// `1.500s`: whole seconds, or as many digits as are needed.
  private static func duration(_ bytes: ArraySlice<UInt8>) -> String {
    let seconds = Int64(bitPattern: number(bytes, 1))
    let nanoseconds = Int64(bitPattern: number(bytes, 2))
    guard nanoseconds != 0 else { return "\(seconds)s" }
    var digits = String(nanoseconds.magnitude)
    digits = String(repeating: "0", count: max(0, 9 - digits.count)) + digits
    while digits.hasSuffix("0") { digits.removeLast() }
    let sign = seconds == 0 && nanoseconds < 0 ? "-" : ""
    return "\(sign)\(seconds).\(digits)s"
  }

  private static func structure(
    _ bytes: ArraySlice<UInt8>, _ context: MessagePrinter.Context
  ) -> JSONObject {
    var object = JSONObject()
    guard context.depth < 64 else { return object }
    var reader = WireReader(bytes)
    while let field = (try? reader.next()).flatMap({ $0 }) {
      guard field.number == 1, case .data(let entry) = field.value else { continue }
      let key = String(decoding: data(entry, 1) ?? [], as: UTF8.self)
      object[key] = value(data(entry, 2) ?? [], context.deeper)
    }
    return object
  }

  private static func list(
    _ bytes: ArraySlice<UInt8>, _ context: MessagePrinter.Context
  ) -> [JSONValue] {
    var elements: [JSONValue] = []
    guard context.depth < 64 else { return elements }
    var reader = WireReader(bytes)
    while let field = (try? reader.next()).flatMap({ $0 }) {
      if case .data(let element) = field.value { elements.append(value(element, context.deeper)) }
    }
    return elements
  }

  private static func value(
    _ bytes: ArraySlice<UInt8>, _ context: MessagePrinter.Context
  ) -> JSONValue {
    var reader = WireReader(bytes)
    guard let field = (try? reader.next()).flatMap({ $0 }) else { return .null }
    switch (field.number, field.value) {
    case (2, .fixed64(let bits)): return .number(Double(bitPattern: bits))
    case (3, .data(let text)): return .string(String(decoding: text, as: UTF8.self))
    case (4, .integer(let flag)): return .bool(flag != 0)
    case (5, .data(let object)): return .object(structure(object, context.deeper))
    case (6, .data(let elements)): return .array(list(elements, context.deeper))
    default: return .null
    }
  }

  /// Base64 with padding (RFC 4648 §4).
  static func base64(_ bytes: ArraySlice<UInt8>) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    var index = bytes.startIndex
    while index < bytes.endIndex {
      let group = bytes[index..<min(index + 3, bytes.endIndex)]
      var bits: UInt32 = 0
      for byte in group { bits = bits << 8 | UInt32(byte) }
      bits <<= UInt32(8 * (3 - group.count))
      for position in 0..<4 {
        let isPadding = position > group.count
        let sextet = Int(bits >> UInt32(18 - 6 * position)) & 63
        text.append(isPadding ? UInt8(ascii: "=") : alphabet[sextet])
      }
      index += 3
    }
    return String(decoding: text, as: UTF8.self)
  }
}
