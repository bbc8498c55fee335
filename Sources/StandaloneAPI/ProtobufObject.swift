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
    let kind = resource.kind
    let raw = try contents(bytes, apiVersion: apiVersion, kind: kind)
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

  /// The contents of an object that has to be of one kind.
  static func contents(
    _ bytes: [UInt8], apiVersion: String, kind: String
  ) throws(APIStatus) -> ProtobufFields {
    guard bytes.starts(with: [0x6B, 0x38, 0x73, 0x00]),
      let envelope = ProtobufFields(bytes[4...]),
      let type = ProtobufFields(envelope[1] ?? []), let raw = ProtobufFields(envelope[2] ?? [])
    else { throw .badRequest("the body is not a protobuf object") }
    guard type.text(1) == apiVersion, type.text(2) == kind else {
      throw .badRequest("the object is a \(type.text(1).prefix(64)) \(type.text(2).prefix(64))")
    }
    return raw
  }

  private static let unsupported = APIStatus.unsupportedMediaType(
    "\(mediaType) (apply the object as YAML or JSON)")
}
