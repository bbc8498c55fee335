internal import StreamingJSON

/// Joins a template's container with what a pod says of the same container.
enum ContainerMerge {
  /// The lists whose entries have a key of their own; all other lists are one value.
  private static let keys = [
    "env": "name", "ports": "containerPort", "volumeMounts": "mountPath",
    "volumeDevices": "devicePath",
  ]

  /// What the pod says stands; what it leaves open comes from the template.
  static func merge(_ template: JSONValue, with given: JSONValue) -> JSONValue {
    guard var result = template.objectValue, let given = given.objectValue else { return given }
    for (key, value) in given {
      if key == "image", value == "auto" { continue }
      if let identity = keys[key], let own = value.arrayValue {
        result[key] = .array(join(result[key]?.arrayValue ?? [], own, by: identity))
      } else if let base = result[key], base.objectValue != nil, value.objectValue != nil {
        result[key] = fields(base, value)
      } else {
        result[key] = value
      }
    }
    return .object(result)
  }

  private static func fields(_ template: JSONValue, _ given: JSONValue) -> JSONValue {
    guard var result = template.objectValue, let given = given.objectValue else { return given }
    // A handler of another kind replaces the template's, for there may be one only.
    let handlers = ["httpGet", "exec", "tcpSocket", "grpc", "sleep"]
    if handlers.contains(where: { given[$0] != nil }) {
      for handler in handlers { result[handler] = nil }
    }
    for (key, value) in given {
      let base = result[key]
      result[key] = base.map { fields($0, value) } ?? value
    }
    return .object(result)
  }

  /// Entries of the template, with the pod's in place of those of the same key, and its further ones.
  private static func join(
    _ template: [JSONValue], _ given: [JSONValue], by key: String
  ) -> [JSONValue] {
    var result = template
    for entry in given {
      if let index = result.firstIndex(where: { $0[key] == entry[key] }) {
        result[index] = entry
      } else {
        result.append(entry)
      }
    }
    return result
  }
}
