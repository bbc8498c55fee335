internal import StreamingJSON

/// The protobuf form of both kinds, which `kubectl create token` and the typed Go clients send.
///
/// Field numbers are those of the published authentication/v1.
extension TokenRequests {
  private static let apiVersion = "authentication.k8s.io/v1"

  /// A TokenRequest as JSON.
  static func tokenRequest(protobuf bytes: [UInt8]) throws(APIStatus) -> JSONValue {
    let object = try ProtobufObject.contents(
      bytes, apiVersion: apiVersion, kind: "TokenRequest")
    guard let spec = ProtobufFields(object[2] ?? []) else {
      throw .badRequest("the spec is malformed")
    }
    var result: JSONValue = ["audiences": .array(spec.texts(1).map { .string($0) })]
    if let lifetime = spec.number(4) { result["expirationSeconds"] = .integer(lifetime) }
    if let bytes = spec[3] {
      guard let bound = ProtobufFields(bytes) else {
        throw .badRequest("the bound object is malformed")
      }
      result["boundObjectRef"] = [
        "kind": .string(bound.text(1)), "apiVersion": .string(bound.text(2)),
        "name": .string(bound.text(3)), "uid": .string(bound.text(4)),
      ]
    }
    return ["spec": result]
  }

  /// A TokenReview as JSON.
  static func tokenReview(protobuf bytes: [UInt8]) throws(APIStatus) -> JSONValue {
    let object = try ProtobufObject.contents(bytes, apiVersion: apiVersion, kind: "TokenReview")
    guard let spec = ProtobufFields(object[2] ?? []) else {
      throw .badRequest("the spec is malformed")
    }
    return [
      "spec": [
        "token": .string(spec.text(1)), "audiences": .array(spec.texts(2).map { .string($0) }),
      ]
    ]
  }
}
