internal import IstioAPI
internal import StreamingJSON
internal import YAML

/// Helpers that turn YAML into specifications and verdicts.
enum SpecDocuments {
  static func decode<Spec: JSONReadable>(
    _ type: Spec.Type, _ yaml: String
  ) throws -> (Spec, [String]) {
    let value = try YAMLReader.documents(yaml).first?.value ?? .object(JSONObject())
    var reader = try JSONReader(value.serialized(), pathPrefix: "spec")
    let spec = try Spec(from: &reader)
    try reader.finish()
    return (spec, reader.unknownFields)
  }

  static func check(_ kind: IstioKind, spec yaml: String) throws -> SpecificationVerdict {
    let value = try YAMLReader.documents(yaml).first?.value ?? .object(JSONObject())
    let object: JSONValue = [
      "kind": .string(kind.rawValue), "metadata": ["name": "x", "namespace": "default"],
      "spec": value,
    ]
    return kind.check(try JSONReader(object.serialized()))
  }
}
