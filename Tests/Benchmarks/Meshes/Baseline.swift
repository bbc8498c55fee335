internal import MeshTesting
internal import StreamingJSON

/// The numbers that a change of the code may not change unnoticed.
package struct Baseline: Hashable, Sendable {
  /// The counters of each group of scenarios: group, scenario, counter.
  package var counters: [String: [String: [String: Int]]] = [:]
  /// Instructions of each kernel.
  package var instructions: [String: Int] = [:]
  /// The Swift that the instructions were counted with.
  package var swiftVersion = ""

  package init() {}

  /// The committed baseline's path.
  package static let path =
    EnvoyBinary.packageFolder + "/Tests/Benchmarks/Baseline/baseline.json"

  /// Adds the scenarios of a group.
  package mutating func add(_ group: String, _ measurements: [CountedScenarios.Measurement]) {
    for (name, work) in measurements {
      counters[group, default: [:]][name] = Dictionary(
        uniqueKeysWithValues: work.values.map { ($0.name, $0.value) })
    }
  }

  // MARK: Files

  /// Reads the text of a baseline; what it does not hold stays empty.
  package init(parsing text: String) throws {
    let root = try JSONValue(parsing: text)
    for (group, scenarios) in root["counters"]?.objectValue ?? JSONObject() {
      for (scenario, values) in scenarios.objectValue ?? JSONObject() {
        counters[group, default: [:]][scenario] = Self.integers(values)
      }
    }
    instructions = root["instructions"].map(Self.integers) ?? [:]
    swiftVersion = root["swift"]?.stringValue ?? ""
  }

  private static func integers(_ value: JSONValue) -> [String: Int] {
    var integers: [String: Int] = [:]
    for (key, member) in value.objectValue ?? JSONObject() {
      integers[key] = member.integerValue.map { Int($0) }
    }
    return integers
  }

  /// The text of the file, a line for each scenario.
  package var text: String {
    var lines = ["{", " \"swift\": \"\(swiftVersion)\","]
    lines.append(" \"instructions\": {")
    lines += Self.members(instructions.mapValues { "\($0)" }, indent: "  ")
    lines += [" },", " \"counters\": {"]
    let groups = counters.mapValues { scenarios in
      let members = Self.members(scenarios.mapValues(Self.object), indent: "   ")
      return "{\n" + members.joined(separator: "\n") + "\n  }"
    }
    lines += Self.members(groups, indent: "  ") + [" }", "}"]
    return lines.joined(separator: "\n") + "\n"
  }

  private static func members(_ values: [String: String], indent: String) -> [String] {
    let keys = values.keys.sorted()
    return keys.map { key in
      "\(indent)\"\(key)\": \(values[key] ?? "null")" + (key == keys.last ? "" : ",")
    }
  }

  private static func object(_ values: [String: Int]) -> String {
    let known = WorkCounters().values.map(\.name)
    let order = known + values.keys.filter { !known.contains($0) }.sorted()
    let members = order.compactMap { name in values[name].map { "\"\(name)\": \($0)" } }
    return "{" + members.joined(separator: ", ") + "}"
  }
}
