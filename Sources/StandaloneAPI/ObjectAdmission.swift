internal import IstioAPI
internal import KubernetesAPI
internal import StreamingJSON

/// What is checked and filled in before an object is stored.
struct ObjectAdmission {
  let resource: KubernetesResource
  let apiVersion: String

  /// An object that may be stored, with what its writer should be told.
  struct Admitted {
    var object: JSONValue
    var warnings: [String]
    /// Paths of fields that are not part of the API.
    var unknownFields: [String]

    /// What its writer should be told, unknown fields included.
    var allWarnings: [String] { unknownFields.map { "unknown field \"\($0)\"" } + warnings }
  }

  /// Checks an object that was sent: its kind, its name and its place.
  func identify(
    _ object: JSONValue, namespace: String, name: String?
  ) throws(APIStatus) -> (object: JSONValue, key: ObjectKey) {
    guard object.objectValue != nil else { throw .badRequest("the body is not an object") }
    if let kind = object["kind"]?.stringValue, kind != resource.kind {
      throw .badRequest("the object is a \(kind.prefix(64)), not a \(resource.kind)")
    }
    if let version = object["apiVersion"]?.stringValue, version != apiVersion {
      throw .badRequest(
        "the API version in the data (\(version.prefix(64))) does not match the expected API version "
          + "(\(apiVersion))")
    }
    guard let metadata = object["metadata"], metadata.objectValue != nil else {
      throw .badRequest("metadata is missing")
    }
    if metadata["namespace"] != nil, metadata["namespace"]?.stringValue == nil {
      throw .badRequest("metadata.namespace is not a string")
    }
    if let given = metadata["namespace"]?.stringValue, !given.isEmpty, given != namespace {
      throw .badRequest(
        resource.isNamespaced
          ? "the namespace of the provided object does not match the namespace sent on the request"
          : "metadata.namespace cannot be set on a \(resource.kind)")
    }
    var found = metadata["name"]?.stringValue ?? ""
    if found.isEmpty, name == nil, let prefix = metadata["generateName"]?.stringValue,
      !prefix.isEmpty
    {
      found = prefix + Self.randomSuffix()
    }
    if let name {
      guard found.isEmpty || found == name else {
        throw .badRequest("the name of the object does not match the name on the URL")
      }
      found = name
    }
    guard Self.isName(found) else {
      throw .invalid(
        group: resource.group, kind: resource.kind, name: String(found.prefix(64)),
        issues: [
          FieldIssue(
            path: "metadata.name",
            message: "the name must consist of lower case letters, digits, '-' "
              + "and '.', start and end with a letter or digit, and have at most 253 characters")
        ])
    }
    var object = object
    object[path: ["metadata", "name"]] = .string(found)
    object[path: ["metadata", "namespace"]] = resource.isNamespaced ? .string(namespace) : nil
    return (object, ObjectKey(namespace: resource.isNamespaced ? namespace : "", name: found))
  }

  /// Decodes and judges an object by the rules of its kind.
  func judge(_ object: JSONValue) throws(APIStatus) -> Admitted {
    var object = object
    object["apiVersion"] = .string(apiVersion)
    object["kind"] = .string(resource.kind)
    let bytes = object.serialized()
    let name = object[path: ["metadata", "name"]]?.stringValue ?? ""
    guard bytes.count <= Self.maximumObjectSize else { throw .tooLarge(Self.maximumObjectSize) }
    var issues: [FieldIssue] = []
    var warnings: [String] = []
    var unknown: [String] = []
    do throws(JSONDecodingError) {
      let reader = try JSONReader(bytes)
      if let kind = IstioKind(rawValue: resource.kind), KubernetesResource.istio.contains(resource)
      {
        _ = try DecodedObject<OpaqueSpec>(decodingSpecOf: reader)
        let verdict = kind.check(reader)
        issues = verdict.errors
        unknown = verdict.unknownFields
        warnings = verdict.issues.filter { $0.severity == .warning }.map(\.description)
      } else if let schema = StructuralSchema.specification(of: resource.kind),
        KubernetesResource.istio.contains(resource)
      {
        _ = try DecodedObject<OpaqueSpec>(decodingSpecOf: reader)
        let verdict = schema.violations(in: object["spec"] ?? [:], at: "spec")
        unknown = verdict.unknown
        issues = verdict.errors.map { error in
          let parts = error.split(separator: ": ", maxSplits: 1).map(String.init)
          return FieldIssue(path: parts.first ?? "spec", message: parts.last ?? error)
        }
      } else {
        issues = try decodingIssues(reader)
      }
    } catch {
      issues = [FieldIssue(error)]
    }
    guard issues.isEmpty else {
      throw .invalid(group: resource.group, kind: resource.kind, name: name, issues: issues)
    }
    return Admitted(object: object, warnings: warnings, unknownFields: unknown)
  }

  private func decodingIssues(_ reader: JSONReader) throws(JSONDecodingError) -> [FieldIssue] {
    switch resource {
    case .services: try DecodedObject<Service>(decoding: reader).issues
    case .endpointSlices: try DecodedObject<EndpointSlice>(decoding: reader).issues
    case .pods: try DecodedObject<Pod>(decoding: reader).issues
    case .secrets: try DecodedObject<Secret>(decoding: reader).issues
    case .configMaps: try DecodedObject<ConfigMap>(decoding: reader).issues
    default: try DecodedObject<Node>(decoding: reader).issues
    }
  }

  /// The largest object that is stored, that of etcd.
  static let maximumObjectSize = 3 << 19

  /// A DNS subdomain in lower case (RFC 1123).
  static func isName(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    func isAlphanumeric(_ byte: UInt8) -> Bool {
      (byte >= 0x61 && byte <= 0x7A) || (byte >= 0x30 && byte <= 0x39)
    }
    guard (1...253).contains(bytes.count) else { return false }
    return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
      guard let first = label.utf8.first, let last = label.utf8.last else { return false }
      return isAlphanumeric(first) && isAlphanumeric(last)
        && label.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }
  }

  private static func randomSuffix() -> String {
    let alphabet = Array("bcdfghjklmnpqrstvwxz2456789")
    return String((0..<5).compactMap { _ in alphabet.randomElement() })
  }
}
