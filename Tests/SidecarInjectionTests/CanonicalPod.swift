internal import StreamingJSON

/// A form in which documents are equal that mean the same to Kubernetes.
enum CanonicalPod {
  /// Annotations and variables whose text is JSON.
  private static let documents: Set<String> = [
    "PROXY_CONFIG", "ISTIO_META_POD_PORTS", "ISTIO_KUBE_APP_PROBERS",
    "ISTIO_PROMETHEUS_ANNOTATIONS", "sidecar.istio.io/status", "proxy.istio.io/overrides",
  ]

  static func form(_ value: JSONValue) -> JSONValue {
    switch value {
    case .array(let elements): return .array(elements.map(form))
    case .object(let object):
      var result = JSONObject()
      for (key, member) in object {
        var member = form(member)
        if documents.contains(key) { member = parsed(member) }
        if key == "value", let name = object["name"]?.stringValue, documents.contains(name) {
          member = parsed(member)
        }
        // An empty map is as good as none: `resources: {}`, `emptyDir: {}`, `strategy: {}`.
        if member == [:] || member == .null { continue }
        result[key] = member
      }
      return .object(result)
    default: return value
    }
  }

  private static func parsed(_ value: JSONValue) -> JSONValue {
    guard let text = value.stringValue, let document = try? JSONValue(parsing: text) else {
      return value
    }
    return form(document)
  }
}

/// What differs between two documents, one line for each place.
enum StructuralDifference {
  static func lines(_ found: JSONValue, _ expected: JSONValue, at path: String = "") -> [String] {
    switch (found, expected) {
    case (.object(let left), .object(let right)):
      let keys = Set(left.keys).union(right.keys).sorted()
      return keys.flatMap { key in
        let path = JSONPath.member(key, of: path)
        return switch (left[key], right[key]) {
        case (let found?, let expected?): lines(found, expected, at: path)
        case (let found?, nil): ["\(path): not expected: \(text(found))"]
        case (nil, let expected?): ["\(path): missing: \(text(expected))"]
        case (nil, nil): [String]()
        }
      }
    case (.array(let left), .array(let right)) where left.count == right.count:
      return left.indices.flatMap {
        lines(left[$0], right[$0], at: JSONPath.element($0, of: path))
      }
    default:
      return found == expected ? [] : ["\(path): \(text(found)) instead of \(text(expected))"]
    }
  }

  private static func text(_ value: JSONValue) -> String {
    String(decoding: value.serialized(), as: UTF8.self)
  }
}
