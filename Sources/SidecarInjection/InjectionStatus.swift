internal import StreamingJSON

/// What an injection added to a pod: the annotation `sidecar.istio.io/status`.
struct InjectionStatus: Hashable {
  var initContainers: [String] = []
  var containers: [String] = []
  var volumes: [String] = []
  var imagePullSecrets: [String] = []
  var revision = ""

  init() {}

  /// The status a pod carries; nil when it has none that can be read.
  init?(of pod: JSONValue) {
    guard let text = PodAnnotations(pod)[InjectionAnnotation.status],
      let value = try? JSONValue(parsing: text, limits: JSONLimits(size: 1 << 18, depth: 8)),
      value.objectValue != nil
    else { return nil }
    func names(_ key: String) -> [String] {
      (value[key]?.arrayValue ?? []).compactMap(\.stringValue)
    }
    initContainers = names("initContainers")
    containers = names("containers")
    volumes = names("volumes")
    imagePullSecrets = names("imagePullSecrets")
    revision = value["revision"]?.stringValue ?? ""
  }

  /// The annotation's text; lists without entries are null, as in Istio.
  var text: String {
    func list(_ names: [String]) -> JSONValue {
      names.isEmpty ? .null : .array(names.map { .string($0) })
    }
    let value: JSONValue = [
      "initContainers": list(initContainers), "containers": list(containers),
      "volumes": list(volumes), "imagePullSecrets": list(imagePullSecrets),
      "revision": .string(revision),
    ]
    return String(decoding: value.serialized(), as: UTF8.self)
  }
}
