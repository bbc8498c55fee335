internal import StreamingJSON

/// The annotations and labels of a pod that shape its injection.
enum InjectionAnnotation {
  static let inject = "sidecar.istio.io/inject"
  static let revision = "istio.io/rev"
  static let status = "sidecar.istio.io/status"
  static let overrides = "proxy.istio.io/overrides"
  static let templates = "inject.istio.io/templates"
  static let proxyConfiguration = "proxy.istio.io/config"
  static let nativeSidecar = "sidecar.istio.io/nativeSidecar"
  static let interceptionMode = "sidecar.istio.io/interceptionMode"
  static let rewriteProbes = "sidecar.istio.io/rewriteAppHTTPProbers"
  static let mergeMetrics = "prometheus.istio.io/merge-metrics"
  static let proxyImage = "sidecar.istio.io/proxyImage"
  static let proxyImageType = "sidecar.istio.io/proxyImageType"
  static let logLevel = "sidecar.istio.io/logLevel"
  static let componentLogLevel = "sidecar.istio.io/componentLogLevel"
  static let agentLogLevel = "sidecar.istio.io/agentLogLevel"
  static let userVolume = "sidecar.istio.io/userVolume"
  static let userVolumeMount = "sidecar.istio.io/userVolumeMount"
  static let statusPort = "status.sidecar.istio.io/port"

  /// The path of an annotation, for messages.
  static func path(_ name: String) -> String {
    JSONPath.member(name, of: "metadata.annotations")
  }
}

/// The annotations of one pod, read as what they should be.
struct PodAnnotations {
  let values: [String: String]

  init(_ pod: JSONValue) {
    values = pod[path: ["metadata", "annotations"]].map(Self.strings) ?? [:]
  }

  subscript(name: String) -> String? { values[name] }

  /// The members of an object that are strings.
  static func strings(_ value: JSONValue) -> [String: String] {
    var result: [String: String] = [:]
    for (key, member) in value.objectValue ?? JSONObject() {
      if let text = member.stringValue { result[key] = text }
    }
    return result
  }

  /// The word of an annotation that is true or false.
  static func bool(_ text: String) -> Bool? {
    switch text {
    case "1", "t", "T", "true", "TRUE", "True", "y", "yes", "on": true
    case "0", "f", "F", "false", "FALSE", "False", "n", "no", "off": false
    default: nil
    }
  }

  func bool(_ name: String) throws(InjectionError) -> Bool? {
    guard let text = values[name] else { return nil }
    guard let value = Self.bool(text) else {
      throw fault(name, "\"\(text.prefix(64))\" is not true or false")
    }
    return value
  }

  func integer(
    _ name: String, in range: ClosedRange<Int64>
  ) throws(InjectionError) -> Int64? {
    guard let text = values[name] else { return nil }
    guard let value = Int64(text), range.contains(value) else {
      throw fault(
        name,
        "\"\(text.prefix(64))\" is not a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  func fault(_ name: String, _ message: String, remedy: String? = nil) -> InjectionError {
    InjectionError(path: InjectionAnnotation.path(name), message: message, remedy: remedy)
  }
}
