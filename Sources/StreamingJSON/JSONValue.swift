/// Any JSON value; the members of objects keep their order.
///
/// Numbers follow Kubernetes: a literal without fraction and exponent that fits 64 bits is an
/// integer, everything else a double.
package enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  /// Parses one document.
  package init(
    parsing bytes: [UInt8], limits: JSONLimits = JSONLimits()
  ) throws(JSONDecodingError) {
    var reader = try JSONReader(bytes, limits: limits)
    self = try reader.readValue()
    try reader.finish()
  }

  /// Parses one document from text.
  package init(
    parsing text: String, limits: JSONLimits = JSONLimits()
  ) throws(JSONDecodingError) {
    try self.init(parsing: Array(text.utf8), limits: limits)
  }

  /// The compact JSON text of the value, in UTF-8.
  package func serialized() -> [UInt8] {
    var writer = JSONWriter()
    writer.value(self)
    return writer.bytes
  }

  /// The member `key` of an object; setting `null` keeps the member, setting `nil` removes it.
  ///
  /// Setting a member of something that is not an object makes it one.
  package subscript(key: String) -> JSONValue? {
    get { objectValue?[key] }
    set {
      var object = objectValue ?? JSONObject()
      object[key] = newValue
      self = .object(object)
    }
  }

  /// The value below a chain of keys.
  package subscript(path path: [String]) -> JSONValue? {
    get {
      var value: JSONValue? = self
      for key in path { value = value?[key] }
      return value
    }
    set {
      guard let key = path.first else {
        self = newValue ?? .null
        return
      }
      if path.count == 1 {
        self[key] = newValue
        return
      }
      var child = self[key] ?? .object(JSONObject())
      child[path: Array(path.dropFirst())] = newValue
      self[key] = child
    }
  }

  /// The text of a string.
  package var stringValue: String? {
    if case .string(let text) = self { text } else { nil }
  }

  /// The value of a boolean.
  package var boolValue: Bool? {
    if case .bool(let flag) = self { flag } else { nil }
  }

  /// The value of an integer.
  package var integerValue: Int64? {
    if case .integer(let number) = self { number } else { nil }
  }

  /// The elements of an array.
  package var arrayValue: [JSONValue]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  /// The object.
  package var objectValue: JSONObject? {
    if case .object(let object) = self { object } else { nil }
  }

  /// The result of applying a JSON merge patch (RFC 7386) to the value.
  package func merging(_ patch: JSONValue) -> JSONValue {
    guard case .object(let changes) = patch else { return patch }
    var target = objectValue ?? JSONObject()
    for (key, change) in changes {
      if change == .null {
        target[key] = nil
      } else {
        target[key] = (target[key] ?? .null).merging(change)
      }
    }
    return .object(target)
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  /// A string.
  package init(stringLiteral value: String) { self = .string(value) }
  /// An integer.
  package init(integerLiteral value: Int64) { self = .integer(value) }
  /// A boolean.
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  /// An array.
  package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  /// An object; of a key given twice the last value stands.
  package init(dictionaryLiteral elements: (String, JSONValue)...) {
    var object = JSONObject()
    for (key, value) in elements { object[key] = value }
    self = .object(object)
  }
}

/// The members of a JSON object in the order they were written.
package struct JSONObject: Hashable, Sendable, Sequence {
  private struct Member: Hashable {
    var key: String
    var value: JSONValue
  }

  private var members: [Member] = []
  /// Places of the keys, kept only once a linear search would be slow.
  private var places: [String: Int]?

  /// Creates an object without members.
  package init() {}

  /// How many members there are.
  package var count: Int { members.count }
  /// Whether there are no members.
  package var isEmpty: Bool { members.isEmpty }
  /// The keys in order.
  package var keys: [String] { members.map(\.key) }

  /// Two objects are equal when they have the same members, in any order.
  package static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.count == right.count && left.allSatisfy { right[$0.key] == $0.value }
  }

  /// Hashes the members without regard to their order.
  package func hash(into hasher: inout Hasher) {
    var sum = 0
    for member in members { sum &+= member.hashValue }
    hasher.combine(sum)
  }

  /// The value of `key`; setting `nil` removes the member.
  package subscript(key: String) -> JSONValue? {
    get { place(of: key).map { members[$0].value } }
    set {
      switch (place(of: key), newValue) {
      case (let index?, let value?):
        members[index].value = value
      case (nil, let value?):
        appendUnchecked(key, value)
      case (let index?, nil):
        members.remove(at: index)
        places = nil
        indexIfLarge()
      case (nil, nil):
        break
      }
    }
  }

  /// Adds a member whose key is known to be new.
  mutating func appendUnchecked(_ key: String, _ value: JSONValue) {
    members.append(Member(key: key, value: value))
    if places != nil { places?[key] = members.count - 1 } else { indexIfLarge() }
  }

  /// Iterates over the members in order.
  package func makeIterator() -> AnyIterator<(key: String, value: JSONValue)> {
    var index = 0
    return AnyIterator {
      guard index < members.count else { return nil }
      defer { index += 1 }
      return (members[index].key, members[index].value)
    }
  }

  private func place(of key: String) -> Int? {
    if let places { return places[key] }
    return members.firstIndex { $0.key == key }
  }

  private mutating func indexIfLarge() {
    guard members.count > 24 else { return }
    places = [:]
    for (index, member) in members.enumerated() { places?[member.key] = index }
  }
}
