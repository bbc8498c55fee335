internal import StreamingJSON

/// Takes an earlier injection out of a pod, so that the next one starts from what the user wrote.
enum InjectionUndo {
  static func apply(to pod: inout JSONValue) {
    guard let status = InjectionStatus(of: pod) else { return }
    ProbeRewrite.undo(in: &pod)
    MetricsMerge.undo(in: &pod)
    let overrides = overrides(of: pod)
    for (key, injected) in [
      ("initContainers", status.initContainers), ("containers", status.containers),
    ] {
      remove(injected, key, overrides: overrides, of: &pod)
    }
    remove(status.volumes, "volumes", of: &pod)
    remove(status.imagePullSecrets, "imagePullSecrets", of: &pod)
    for name in [InjectionAnnotation.status, InjectionAnnotation.overrides] {
      pod[path: ["metadata", "annotations", name]] = nil
    }
  }

  /// Takes containers away, or puts back what the user had said of them.
  private static func remove(
    _ names: [String], _ key: String, overrides: [String: [JSONValue]], of pod: inout JSONValue
  ) {
    guard !names.isEmpty || overrides[key] != nil else { return }
    var list: [JSONValue] = []
    for container in PodParts.list(key, of: pod) {
      let name = PodParts.name(container)
      if !names.contains(name) {
        list.append(container)
      } else if let own = overrides[key]?.first(where: { PodParts.name($0) == name }) {
        list.append(own)
      }
    }
    // A container may have moved between the lists by being injected.
    for own in overrides[key] ?? [] where !list.contains(where: { $0["name"] == own["name"] }) {
      list.append(own)
    }
    PodParts.set(key, list, of: &pod)
  }

  private static func remove(_ names: [String], _ key: String, of pod: inout JSONValue) {
    guard !names.isEmpty else { return }
    PodParts.set(
      key, PodParts.list(key, of: pod).filter { !names.contains(PodParts.name($0)) }, of: &pod)
  }

  private static func overrides(of pod: JSONValue) -> [String: [JSONValue]] {
    guard let text = PodAnnotations(pod)[InjectionAnnotation.overrides],
      let value = try? JSONValue(parsing: text, limits: JSONLimits(size: 1 << 18, depth: 32))
    else { return [:] }
    var result: [String: [JSONValue]] = [:]
    for key in ["initContainers", "containers"] {
      if let list = value[key]?.arrayValue { result[key] = list }
    }
    return result
  }
}
