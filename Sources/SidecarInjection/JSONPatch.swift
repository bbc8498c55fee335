package import StreamingJSON

/// A JSON Patch (RFC 6902) that leads from one document to another.
package struct JSONPatch: Hashable, Sendable {
  /// The operations, in the order they apply: `add`, `remove` and `replace` only.
  package private(set) var operations: [JSONValue] = []

  /// Computes the patch from `source` to `target`.
  package init(from source: JSONValue, to target: JSONValue) {
    compare(source, target, at: "")
  }

  /// Whether the documents are equal.
  package var isEmpty: Bool { operations.isEmpty }

  /// The patch as a document.
  package var value: JSONValue { .array(operations) }

  private mutating func compare(_ source: JSONValue, _ target: JSONValue, at pointer: String) {
    switch (source, target) {
    case (.object(let before), .object(let after)): compare(before, after, at: pointer)
    case (.array(let before), .array(let after)): compare(before, after, at: pointer)
    default:
      if source != target { append("replace", pointer, target) }
    }
  }

  private mutating func compare(
    _ before: JSONObject, _ after: JSONObject, at pointer: String
  ) {
    for key in before.keys where after[key] == nil {
      append("remove", Self.member(key, of: pointer))
    }
    for (key, value) in after {
      let place = Self.member(key, of: pointer)
      if let old = before[key] {
        compare(old, value, at: place)
      } else {
        append("add", place, value)
      }
    }
  }

  /// Entries that both lists begin or end with stay untouched; those between are compared in pairs.
  private mutating func compare(
    _ before: [JSONValue], _ after: [JSONValue], at pointer: String
  ) {
    let most = min(before.count, after.count)
    var start = 0
    while start < most, before[start] == after[start] { start += 1 }
    var end = 0
    while end < most - start, before[before.count - 1 - end] == after[after.count - 1 - end] {
      end += 1
    }
    let old = before[start..<(before.count - end)]
    let new = after[start..<(after.count - end)]
    let pairs = min(old.count, new.count)
    for offset in 0..<pairs {
      compare(before[start + offset], after[start + offset], at: "\(pointer)/\(start + offset)")
    }
    for index in (pairs..<old.count).reversed() {
      append("remove", "\(pointer)/\(start + index)")
    }
    for index in pairs..<max(pairs, new.count) {
      append("add", "\(pointer)/\(start + index)", after[start + index])
    }
  }

  private mutating func append(_ operation: String, _ pointer: String, _ value: JSONValue? = nil) {
    var entry: JSONValue = ["op": .string(operation), "path": .string(pointer)]
    if let value { entry["value"] = value }
    operations.append(entry)
  }

  private static func member(_ key: String, of pointer: String) -> String {
    "\(pointer)/\(key.replacing("~", with: "~0").replacing("/", with: "~1"))"
  }
}
