internal import StreamingJSON

/// Builds one document from parser events, without recursion.
struct YAMLComposer {
  /// A collection that is still open.
  private struct Level {
    var path: String
    var start: YAMLPosition
    var anchor: String
    var elements: [JSONValue]?
    var object = JSONObject()
    var merged: [JSONObject] = []
    var key: String?
    var isMergeKey = false
    var weight = Weight()
  }

  /// The size of a value with every alias in it expanded.
  private struct Weight {
    var nodes = 1
    var bytes = 0

    mutating func add(_ other: Weight) {
      nodes = nodes.addingReportingOverflow(other.nodes).partialValue
      bytes = bytes.addingReportingOverflow(other.bytes).partialValue
    }
  }

  private let file: String
  private let limits: YAMLLimits
  private var levels: [Level] = []
  private var root: JSONValue?
  private var start = YAMLPosition(line: 1, column: 1)
  private var positions: [String: YAMLPosition] = [:]
  private var anchors: [String: (value: JSONValue, weight: Weight)] = [:]
  private var total = Weight()

  init(file: String, limits: YAMLLimits) {
    self.file = file
    self.limits = limits
  }

  /// The finished document; `nil` when it is empty.
  func document() -> YAMLDocument? {
    guard let root, root != .null else { return nil }
    return YAMLDocument(value: root, file: file, start: start, positions: positions)
  }

  mutating func handle(_ event: YAMLEvent) throws(YAMLError) {
    if levels.isEmpty, root == nil { start = event.position }
    switch event.kind {
    case .scalar: try handleScalar(event)
    case .sequenceStart: try open(event, elements: [])
    case .mappingStart: try open(event, elements: nil)
    case .sequenceEnd, .mappingEnd: try closeLevel(event)
    case .alias:
      guard let target = anchors[event.anchor] else {
        throw error(event, "the alias *\(event.anchor) has no anchor before it")
      }
      if let top = levels.last, top.elements == nil, top.key == nil, !top.isMergeKey {
        guard let key = keyText(target.value) else { throw error(event, "a key must be a scalar") }
        try setKey(key, event: event, isMerge: false)
      } else {
        try add(target.value, weight: target.weight, event: event)
      }
    default: break
    }
  }

  private mutating func handleScalar(_ event: YAMLEvent) throws(YAMLError) {
    let value = try scalar(event)
    if let top = levels.last, top.elements == nil, top.key == nil, !top.isMergeKey {
      guard let key = keyText(value) else { throw error(event, "a key must not be null") }
      try setKey(key, event: event, isMerge: event.isPlain && event.text == "<<")
      if !event.anchor.isEmpty { anchors[event.anchor] = (value, Weight()) }
      return
    }
    let weight = Weight(nodes: 1, bytes: event.text.utf8.count)
    if !event.anchor.isEmpty { anchors[event.anchor] = (value, weight) }
    try add(value, weight: weight, event: event)
  }

  private func scalar(_ event: YAMLEvent) throws(YAMLError) -> JSONValue {
    switch event.tag {
    case "!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:binary": return .string(event.text)
    case "" where !event.isPlain: return .string(event.text)
    default:
      guard let value = YAMLScalar.resolve(event.text) else {
        throw error(event, "\"\(event.text.prefix(64))\" has no equal in JSON")
      }
      return value
    }
  }

  private mutating func setKey(
    _ key: String, event: YAMLEvent, isMerge: Bool
  ) throws(YAMLError) {
    let top = levels.count - 1
    if isMerge {
      levels[top].isMergeKey = true
      return
    }
    guard levels[top].object[key] == nil else {
      throw error(event, "the key \"\(key.prefix(128))\" is given twice")
    }
    levels[top].key = key
    positions[JSONPath.member(key, of: levels[top].path)] = event.position
  }

  /// The text of a key; numbers and booleans become their JSON text, as in Kubernetes.
  private func keyText(_ value: JSONValue) -> String? {
    switch value {
    case .string(let text): text
    case .integer(let number): String(number)
    case .number(let number): String(number)
    case .bool(let flag): String(flag)
    default: nil
    }
  }

  private mutating func open(
    _ event: YAMLEvent, elements: [JSONValue]?
  ) throws(YAMLError) {
    guard levels.count < limits.depth else {
      throw error(event, "values nest deeper than \(limits.depth) levels")
    }
    var path = ""
    if let top = levels.last {
      if let list = top.elements {
        path = JSONPath.element(list.count, of: top.path)
        positions[path] = event.position
      } else if let key = top.key {
        path = JSONPath.member(key, of: top.path)
      } else if !top.isMergeKey {
        throw error(event, "a key must be a scalar")
      } else {
        path = top.path
      }
    }
    levels.append(
      Level(path: path, start: event.position, anchor: event.anchor, elements: elements))
  }

  private mutating func closeLevel(_ event: YAMLEvent) throws(YAMLError) {
    guard let level = levels.popLast() else { return }
    var value: JSONValue
    if let elements = level.elements {
      value = .array(elements)
    } else {
      var object = level.object
      for source in level.merged {
        for (key, member) in source where object[key] == nil { object[key] = member }
      }
      value = .object(object)
    }
    if !level.anchor.isEmpty { anchors[level.anchor] = (value, level.weight) }
    try add(value, weight: level.weight, event: event, isCounted: true)
  }

  /// Puts a finished value where it belongs and checks the size of what it expands to.
  private mutating func add(
    _ value: JSONValue, weight: Weight, event: YAMLEvent, isCounted: Bool = false
  ) throws(YAMLError) {
    if !isCounted {
      total.add(weight)
      guard total.nodes <= limits.expandedNodes, total.bytes <= limits.expandedBytes else {
        throw error(event, "the document is too large once its aliases are expanded")
      }
    }
    guard let top = levels.indices.last else {
      root = value
      return
    }
    levels[top].weight.add(weight)
    if let count = levels[top].elements?.count {
      let path = JSONPath.element(count, of: levels[top].path)
      if positions[path] == nil { positions[path] = event.position }
      levels[top].elements?.append(value)
    } else if let key = levels[top].key {
      levels[top].object[key] = value
      levels[top].key = nil
    } else if levels[top].isMergeKey {
      levels[top].isMergeKey = false
      try merge(value, event: event)
    }
  }

  private mutating func merge(_ value: JSONValue, event: YAMLEvent) throws(YAMLError) {
    let sources = value.arrayValue ?? [value]
    for source in sources {
      guard let object = source.objectValue else {
        throw error(event, "a merge key takes a mapping or a list of mappings")
      }
      levels[levels.count - 1].merged.append(object)
    }
  }

  private func error(_ event: YAMLEvent, _ message: String) -> YAMLError {
    YAMLError(file: file, position: event.position, message: message)
  }
}
