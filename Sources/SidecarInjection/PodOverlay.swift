internal import StreamingJSON

/// What a template adds to a pod.
struct PodOverlay {
  var labels: [(key: String, value: String)] = []
  var annotations: [(key: String, value: String)] = []
  var initContainers: [JSONValue] = []
  var containers: [JSONValue] = []
  var volumes: [JSONValue] = []
  var imagePullSecrets: [JSONValue] = []
  /// Whether labels and annotations replace those that the pod has.
  var replacesMetadata = false

  init() {}

  /// The overlay that a custom template describes in the form of a pod.
  init(template: JSONValue) {
    func texts(_ key: String) -> [(key: String, value: String)] {
      PodAnnotations.strings(template[path: ["metadata", key]] ?? [:])
        .sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) }
    }
    labels = texts("labels")
    annotations = texts("annotations")
    initContainers = PodParts.list("initContainers", of: template)
    containers = PodParts.list("containers", of: template)
    volumes = PodParts.list("volumes", of: template)
    imagePullSecrets = PodParts.list("imagePullSecrets", of: template)
    replacesMetadata = true
  }

  /// Lays the overlay over a pod; what the pod says itself of an injected container stands.
  func apply(to pod: inout JSONValue) {
    apply(labels, to: "labels", of: &pod)
    apply(annotations, to: "annotations", of: &pod)
    // A container moves to where the template wants it, with what the pod says of it.
    let given = PodParts.list("initContainers", of: pod) + PodParts.list("containers", of: pod)
    for (key, other, additions) in [
      ("initContainers", "containers", initContainers),
      ("containers", "initContainers", containers),
    ] where !additions.isEmpty {
      var list = PodParts.list(key, of: pod)
      for addition in additions {
        let name = PodParts.name(addition)
        let merged =
          given.first { PodParts.name($0) == name }
          .map { ContainerMerge.merge(addition, with: $0) } ?? addition
        if let index = list.firstIndex(where: { PodParts.name($0) == name }) {
          list[index] = merged
        } else {
          list.append(merged)
        }
        let rest = PodParts.list(other, of: pod).filter { PodParts.name($0) != name }
        if rest.count != PodParts.list(other, of: pod).count {
          PodParts.set(other, rest, of: &pod)
        }
      }
      PodParts.set(key, list, of: &pod)
    }
    for (key, additions) in [("volumes", volumes), ("imagePullSecrets", imagePullSecrets)] {
      var list = PodParts.list(key, of: pod)
      for addition in additions
      where !list.contains(where: { PodParts.name($0) == PodParts.name(addition) }) {
        list.append(addition)
      }
      if !additions.isEmpty { PodParts.set(key, list, of: &pod) }
    }
  }

  private func apply(
    _ additions: [(key: String, value: String)], to key: String, of pod: inout JSONValue
  ) {
    for (name, value) in additions {
      let path = ["metadata", key, name]
      if replacesMetadata || pod[path: path] == nil { pod[path: path] = .string(value) }
    }
  }
}
