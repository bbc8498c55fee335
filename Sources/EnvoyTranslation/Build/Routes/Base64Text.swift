internal import KubernetesAPI

/// Base64 in JSON strings, as Kubernetes and protobuf JSON write bytes.
enum Base64Text {
  /// The bytes, none where the text is not base64; validation has reported that already.
  static func decode(_ text: String) -> [UInt8] { Base64.decode(text) ?? [] }
}
