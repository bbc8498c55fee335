internal import KubernetesAPI
internal import StreamingJSON

/// Objects in the protobuf form kubectl's `create` subcommands send for built-in kinds.
///
/// Field numbers are those of the published Kubernetes API (`runtime.Unknown`, `meta/v1`, `core/v1`).
/// Kinds that hold little more than metadata are read; the others are refused, and JSON works for all.
enum ProtobufObject {
  /// The media type of this form.
  static let mediaType = "application/vnd.kubernetes.protobuf"

  /// The object as JSON.
  static func decode(
    _ bytes: [UInt8], resource: KubernetesResource, apiVersion: String
  ) throws(APIStatus) -> JSONValue {
    guard bytes.starts(with: [0x6B, 0x38, 0x73, 0x00]),
      let envelope = ProtobufFields(bytes[4...]),
      let type = ProtobufFields(envelope[1] ?? []), let raw = ProtobufFields(envelope[2] ?? [])
    else { throw .badRequest("the body is not a protobuf object") }
    let kind = type.text(2)
    guard type.text(1) == apiVersion, kind == resource.kind else {
      throw .badRequest("the object is a \(type.text(1).prefix(64)) \(kind.prefix(64))")
    }
    guard let metadata = ProtobufFields(raw[1] ?? []), let labels = metadata.map(11),
      let annotations = metadata.map(12)
    else { throw .badRequest("the metadata is malformed") }
    var object: JSONValue = [
      "apiVersion": .string(apiVersion), "kind": .string(kind),
      "metadata": [
        "name": .string(metadata.text(1)), "generateName": .string(metadata.text(2)),
        "namespace": .string(metadata.text(3)),
      ],
    ]
    func strings(_ map: [(String, [UInt8])]) -> JSONValue {
      var object: JSONValue = [:]
      for (key, value) in map { object[key] = .string(String(decoding: value, as: UTF8.self)) }
      return object
    }
    if !labels.isEmpty { object[path: ["metadata", "labels"]] = strings(labels) }
    if !annotations.isEmpty { object[path: ["metadata", "annotations"]] = strings(annotations) }
    switch resource {
    case .namespaces, .serviceAccounts: break
    case .configMaps:
      guard let data = raw.map(2), raw[3] == nil else { throw unsupported }
      object["data"] = strings(data)
    case .secrets:
      guard let data = raw.map(2) else { throw unsupported }
      var encoded: JSONValue = [:]
      for (key, value) in data { encoded[key] = .string(Base64.encode(value)) }
      object["data"] = encoded
      let type = raw.text(3)
      object["type"] = .string(type.isEmpty ? "Opaque" : type)
    default: throw unsupported
    }
    return object
  }

  private static let unsupported = APIStatus.unsupportedMediaType(
    "\(mediaType) (apply the object as YAML or JSON)")
}

/// The length-delimited fields of one protobuf message.
private struct ProtobufFields {
  private var fields: [(UInt64, ArraySlice<UInt8>)] = []

  /// Splits a message into fields; `nil` when it is malformed.
  init?(_ bytes: ArraySlice<UInt8>) {
    var rest = bytes
    while !rest.isEmpty {
      guard let tag = Self.varint(&rest) else { return nil }
      switch tag & 7 {
      case 0: guard Self.varint(&rest) != nil else { return nil }
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
