internal import StreamingJSON

/// A change to an object in one of the forms Kubernetes clients send.
enum ObjectPatch {
  /// RFC 7386.
  case merge(JSONValue)
  /// RFC 6902.
  case operations(JSONValue)
  /// A merge in which lists of named things are merged by name.
  case strategic(JSONValue)
  /// The whole intent of one applier; creates the object when there is none.
  case apply(JSONValue)

  /// The result of applying the patch.
  func applied(to object: JSONValue) throws(APIStatus) -> JSONValue {
    switch self {
    case .merge(let patch), .apply(let patch):
      guard patch.objectValue != nil else { throw .badRequest("the patch is not an object") }
      return object.merging(patch)
    case .strategic(let patch):
      guard patch.objectValue != nil else { throw .badRequest("the patch is not an object") }
      return StrategicMerge.merge(object, patch, path: [])
    case .operations(let patch): return try JSONPatch.apply(patch, to: object)
    }
  }
}

/// The strategic merge patch of Kubernetes, for the lists that matter here.
enum StrategicMerge {
  static func merge(_ target: JSONValue, _ patch: JSONValue, path: [String]) -> JSONValue {
    guard case .object(let changes) = patch else { return patch }
    if changes["$patch"] == "replace" {
      var replacement = patch
      replacement["$patch"] = nil
      return replacement
    }
    var result = target.objectValue ?? JSONObject()
    for (key, change) in changes where !key.hasPrefix("$") {
      switch change {
      case .null: result[key] = nil
      case .array(let elements):
        let current = result[key]?.arrayValue ?? []
        if let mergeKey = mergeKey(of: key, in: path, elements: current + elements) {
          result[key] = .array(
            mergeList(current, elements, by: mergeKey, path: path + [key]))
        } else {
          result[key] = change
        }
      case .object: result[key] = merge(result[key] ?? .null, change, path: path + [key])
      default: result[key] = change
      }
    }
    for (key, change) in changes where key.hasPrefix("$deleteFromPrimitiveList/") {
      let name = String(key.dropFirst("$deleteFromPrimitiveList/".count))
      let removed = Set(change.arrayValue ?? [])
      if let list = result[name]?.arrayValue {
        result[name] = .array(list.filter { !removed.contains($0) })
      }
    }
    return .object(result)
  }

  private static func mergeList(
    _ current: [JSONValue], _ patch: [JSONValue], by key: String, path: [String]
  ) -> [JSONValue] {
    if patch.contains(where: { $0["$patch"] == "replace" }) {
      return patch.filter { $0["$patch"] != "replace" }
    }
    var result = current
    for element in patch {
      let place = result.firstIndex { $0[key] != nil && $0[key] == element[key] }
      if element["$patch"] == "delete" {
        if let place { result.remove(at: place) }
      } else if let place {
        result[place] = merge(result[place], element, path: path)
      } else {
        result.append(merge(.null, element, path: path))
      }
    }
    return result
  }

  /// The member that names the elements of a list; `nil` for lists that are replaced.
  private static func mergeKey(
    of list: String, in path: [String], elements: [JSONValue]
  ) -> String? {
    guard elements.allSatisfy({ $0.objectValue != nil }) else { return nil }
    return switch list {
    case "ports" where path.contains("containers"): "containerPort"
    case "ports" where path == ["spec"]: "port"
    case "containers", "initContainers", "volumes", "env", "secrets", "imagePullSecrets": "name"
    case "volumeMounts": "mountPath"
    case "conditions": "type"
    case "ownerReferences": "uid"
    case "podIPs": "ip"
    default: nil
    }
  }
}

/// JSON Patch (RFC 6902).
enum JSONPatch {
  static func apply(_ patch: JSONValue, to object: JSONValue) throws(APIStatus) -> JSONValue {
    guard let operations = patch.arrayValue, operations.count <= 10_000 else {
      throw .badRequest("the patch is not a list of at most 10000 operations")
    }
    var result = object
    for operation in operations {
      guard let name = operation["op"]?.stringValue,
        let path = operation["path"]?.stringValue.flatMap(pointer)
      else { throw .badRequest("an operation of the patch lacks op or path") }
      switch name {
      case "add": result = try add(result, path[...], operation["value"] ?? .null)
      case "remove": result = try remove(result, path[...])
      case "replace":
        guard get(result, path) != nil else { throw missing(path) }
        result = try set(result, path[...], operation["value"] ?? .null)
      case "test":
        guard get(result, path) == operation["value"] else {
          throw APIStatus(
            code: 422, reason: "Invalid",
            message: "the test of the path /\(path.joined(separator: "/")) failed")
        }
      case "move", "copy":
        guard let from = operation["from"]?.stringValue.flatMap(pointer),
          let value = get(result, from)
        else { throw missing(path) }
        if name == "move" { result = try remove(result, from[...]) }
        result = try add(result, path[...], value)
      default: throw .badRequest("the operation \"\(name.prefix(32))\" is not known")
      }
    }
    return result
  }

  private static func pointer(_ text: String) -> [String]? {
    if text.isEmpty { return [] }
    guard text.hasPrefix("/"), text.utf8.count <= 4_096 else { return nil }
    let parts = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 64 else { return nil }
    return parts.map { part in
      var out = ""
      var isEscaped = false
      for character in part {
        if isEscaped {
          out.append(character == "1" ? "/" : "~")
          isEscaped = false
        } else if character == "~" {
          isEscaped = true
        } else {
          out.append(character)
        }
      }
      return out
    }
  }

  private static func missing(_ path: [String]) -> APIStatus {
    APIStatus(
      code: 422, reason: "Invalid",
      message: "the path /\(path.joined(separator: "/").prefix(200)) does not exist")
  }

  private static func get(_ value: JSONValue, _ path: [String]) -> JSONValue? {
    var current: JSONValue? = value
    for part in path {
      if let list = current?.arrayValue {
        guard let index = Int(part), list.indices.contains(index) else { return nil }
        current = list[index]
      } else {
        current = current?[part]
      }
    }
    return current
  }

  private static func change(
    _ value: JSONValue, _ path: ArraySlice<String>,
    _ last: (JSONValue, String) throws(APIStatus) -> JSONValue
  ) throws(APIStatus) -> JSONValue {
    guard let part = path.first else { throw .badRequest("the patch has no path") }
    if path.count == 1 { return try last(value, part) }
    if var list = value.arrayValue {
      guard let index = Int(part), list.indices.contains(index) else { throw missing(Array(path)) }
      list[index] = try change(list[index], path.dropFirst(), last)
      return .array(list)
    }
    guard var object = value.objectValue, let child = object[part] else {
      throw missing(Array(path))
    }
    object[part] = try change(child, path.dropFirst(), last)
    return .object(object)
  }

  private static func add(
    _ value: JSONValue, _ path: ArraySlice<String>, _ new: JSONValue
  ) throws(APIStatus) -> JSONValue {
    if path.isEmpty { return new }
    return try change(value, path) { (parent, part) throws(APIStatus) in
      if var list = parent.arrayValue {
        guard let index = part == "-" ? list.count : Int(part), (0...list.count).contains(index)
        else {
          throw missing([part])
        }
        list.insert(new, at: index)
        return .array(list)
      }
      guard var object = parent.objectValue else { throw missing([part]) }
      object[part] = new
      return .object(object)
    }
  }

  private static func set(
    _ value: JSONValue, _ path: ArraySlice<String>, _ new: JSONValue
  ) throws(APIStatus) -> JSONValue {
    if path.isEmpty { return new }
    return try change(value, path) { (parent, part) throws(APIStatus) in
      if var list = parent.arrayValue, let index = Int(part), list.indices.contains(index) {
        list[index] = new
        return .array(list)
      }
      guard var object = parent.objectValue else { throw missing([part]) }
      object[part] = new
      return .object(object)
    }
  }

  private static func remove(
    _ value: JSONValue, _ path: ArraySlice<String>
  ) throws(APIStatus) -> JSONValue {
    try change(value, path) { (parent, part) throws(APIStatus) in
      if var list = parent.arrayValue {
        guard let index = Int(part), list.indices.contains(index) else { throw missing([part]) }
        list.remove(at: index)
        return .array(list)
      }
      guard var object = parent.objectValue, object[part] != nil else { throw missing([part]) }
      object[part] = nil
      return .object(object)
    }
  }
}
