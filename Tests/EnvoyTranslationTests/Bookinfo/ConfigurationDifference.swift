import StreamingJSON

/// A place where two configurations differ, after the normalization of the wire contract.
struct ConfigurationDifference: Hashable, CustomStringConvertible {
  /// The keys to the place; elements of arrays that have names go by them.
  var path: [String]
  /// What the recording has; nil where it has nothing.
  var recorded: JSONValue?
  /// What the translation has; nil where it has nothing.
  var translated: JSONValue?

  var description: String {
    "\(path.joined(separator: " / ")): \(Self.text(recorded)) → \(Self.text(translated))"
  }

  private static func text(_ value: JSONValue?) -> String {
    value.map { String(decoding: $0.serialized(), as: UTF8.self) } ?? "nothing"
  }

  /// The differences between two values.
  static func all(
    recorded: JSONValue?, translated: JSONValue?, at path: [String] = []
  ) -> [ConfigurationDifference] {
    if recorded == translated { return [] }
    switch (recorded, translated) {
    case (.object(let left)?, .object(let right)?):
      return Set(left.keys + right.keys).sorted().flatMap {
        all(recorded: left[$0], translated: right[$0], at: path + [$0])
      }
    case (.array(let left)?, .array(let right)?):
      guard let old = keyed(left), let new = keyed(right) else {
        return [Self(path: path, recorded: recorded, translated: translated)]
      }
      let places = Dictionary(uniqueKeysWithValues: new.map { ($0.key, $0.value) })
      let earlier = Dictionary(uniqueKeysWithValues: old.map { ($0.key, $0.value) })
      var found = Set(places.keys).union(earlier.keys).sorted().flatMap {
        all(recorded: earlier[$0], translated: places[$0], at: path + [$0])
      }
      let order = old.map(\.key).filter { places[$0] != nil }
      let newOrder = new.map(\.key).filter { earlier[$0] != nil }
      if order != newOrder {
        found.append(
          Self(
            path: path + ["order"], recorded: .array(order.map(JSONValue.string)),
            translated: .array(newOrder.map(JSONValue.string))))
      }
      return found
    default:
      return [Self(path: path, recorded: recorded, translated: translated)]
    }
  }

  /// The elements of an array by what tells them apart; nil where they are not objects.
  private static func keyed(_ elements: [JSONValue]) -> [(key: String, value: JSONValue)]? {
    var seen: [String: Int] = [:]
    var result: [(String, JSONValue)] = []
    for element in elements {
      guard case .object = element else { return nil }
      var key = label(element)
      seen[key, default: 0] += 1
      if let count = seen[key], count > 1 { key += "#\(count)" }
      result.append((key, element))
    }
    return result
  }

  /// A name, or what a filter chain or a route matches where names repeat or are missing.
  private static func label(_ element: JSONValue) -> String {
    var parts = [element["name"]?.stringValue ?? element["tag"]?.stringValue ?? ""]
    if let match = element["filter_chain_match"], match["transport_protocol"] != nil {
      parts.append(match["transport_protocol"]?.stringValue ?? "")
      parts += (match["application_protocols"]?.arrayValue ?? []).compactMap(\.stringValue)
    }
    if let match = element["match"], element["route"] != nil, parts == [""] {
      parts.append(match["path"]?.stringValue ?? match["prefix"]?.stringValue ?? "")
    }
    return "[" + parts.filter { !$0.isEmpty }.joined(separator: " ") + "]"
  }

  /// A configuration as the wire contract compares it: a TypedStruct is what it stands for.
  static func normalized(_ value: JSONValue) -> JSONValue {
    switch value {
    case .array(let elements): return .array(elements.map(normalized))
    case .object(let object):
      var result = JSONObject()
      for (key, member) in object { result[key] = normalized(member) }
      guard result["@type"]?.stringValue == "type.googleapis.com/udpa.type.v1.TypedStruct",
        let type = result["type_url"], case .object(var inner)? = result["value"]
      else { return .object(result) }
      inner["@type"] = type
      return .object(inner)
    // A double without a fraction is written with and without one.
    case .number(let number): return Int64(exactly: number).map(JSONValue.integer) ?? value
    default: return value
    }
  }
}
