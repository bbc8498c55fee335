internal import MeshTesting
internal import SidecarInjection
internal import StreamingJSON
import Testing

@Suite struct JSONPatchTests {
  @Test func `operations name members and entries by their pointers`() {
    let source: JSONValue = ["a/b": 1, "c~d": [1, 2, 3], "same": ["x": [:]], "gone": true]
    let target: JSONValue = ["a/b": 2, "c~d": [1, 3], "same": ["x": [:]], "new": ["y": .null]]
    #expect(
      JSONPatch(from: source, to: target).operations == [
        ["op": "remove", "path": "/gone"],
        ["op": "replace", "path": "/a~1b", "value": 2],
        ["op": "remove", "path": "/c~0d/1"],
        ["op": "add", "path": "/new", "value": ["y": .null]],
      ])
    #expect(JSONPatch(from: source, to: source).isEmpty)
  }

  @Test func `applied to its source a patch gives its target`() throws {
    var random = SplitMix64(state: 20)
    for _ in 0..<2_000 {
      let source = Self.randomValue(depth: 4, &random)
      let target =
        Bool.random(using: &random)
        ? Self.randomValue(depth: 4, &random) : Self.mutated(source, &random)
      let patch = JSONPatch(from: source, to: target)
      let result = try PatchApplication.apply(patch.operations, to: source)
      #expect(result == target)
      if source == target { #expect(patch.isEmpty) }
    }
  }

  static func randomValue(depth: Int, _ random: inout SplitMix64) -> JSONValue {
    switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &random) {
    case 0: return .null
    case 1: return .bool(.random(using: &random))
    case 2: return .integer(.random(in: 0..<3, using: &random))
    case 3, 4: return .string(["a", "b/c", "~", ""].randomElement(using: &random) ?? "")
    case 5:
      let count = Int.random(in: 0..<5, using: &random)
      return .array((0..<count).map { _ in randomValue(depth: depth - 1, &random) })
    default:
      var object = JSONObject()
      for key in ["a", "b/c", "~d", "", "e"] where Bool.random(using: &random) {
        object[key] = randomValue(depth: depth - 1, &random)
      }
      return .object(object)
    }
  }

  private static func mutated(_ value: JSONValue, _ random: inout SplitMix64) -> JSONValue {
    switch value {
    case .array(var elements):
      if !elements.isEmpty, Bool.random(using: &random) {
        elements.remove(at: Int.random(in: elements.indices, using: &random))
      } else {
        let place = Int.random(in: 0...elements.count, using: &random)
        elements.insert(randomValue(depth: 1, &random), at: place)
      }
      return .array(elements)
    case .object(var object):
      for key in object.keys where Bool.random(using: &random) {
        object[key] = mutated(object[key] ?? .null, &random)
      }
      return .object(object)
    default: return randomValue(depth: 1, &random)
    }
  }
}

/// RFC 6902 as the API server applies it, for the operations that patches use.
enum PatchApplication {
  struct Failure: Error {
    var operation: JSONValue
  }

  static func apply(_ operations: [JSONValue], to document: JSONValue) throws -> JSONValue {
    var document = document
    for operation in operations {
      let path = (operation["path"]?.stringValue ?? "").split(
        separator: "/", omittingEmptySubsequences: false
      ).dropFirst().map {
        String($0).replacing("~1", with: "/").replacing("~0", with: "~")
      }
      document = try apply(operation, to: document, path[...])
    }
    return document
  }

  private static func apply(
    _ operation: JSONValue, to value: JSONValue, _ path: ArraySlice<String>
  ) throws -> JSONValue {
    let isRemoval = operation["op"] == "remove"
    guard let key = path.first else {
      guard !isRemoval, let new = operation["value"] else { throw Failure(operation: operation) }
      return new
    }
    let rest = path.dropFirst()
    let isLast = rest.isEmpty
    switch value {
    case .object(var object):
      if isLast, isRemoval || operation["op"] == "replace", object[key] == nil {
        throw Failure(operation: operation)
      }
      if isLast {
        object[key] = isRemoval ? nil : operation["value"]
      } else {
        guard let child = object[key] else { throw Failure(operation: operation) }
        object[key] = try apply(operation, to: child, rest)
      }
      return .object(object)
    case .array(var list):
      guard let index = Int(key) else { throw Failure(operation: operation) }
      let isAddition = isLast && operation["op"] == "add"
      guard index >= 0, index < list.count + (isAddition ? 1 : 0) else {
        throw Failure(operation: operation)
      }
      if isAddition {
        list.insert(operation["value"] ?? .null, at: index)
      } else if isLast, isRemoval {
        list.remove(at: index)
      } else {
        list[index] = try apply(operation, to: list[index], rest)
      }
      return .array(list)
    default: throw Failure(operation: operation)
    }
  }
}
