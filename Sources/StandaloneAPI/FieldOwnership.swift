internal import KubernetesAPI
internal import StreamingJSON

/// Who owns which fields of an object, as `metadata.managedFields` tells it.
///
/// Labels, annotations, the data of config maps and secrets and the fields of a status have owners of
/// their own; any other member, such as `spec`, is owned as a whole.
struct FieldOwnership: Hashable {
  /// A field: the keys that lead to it, in the notation of `FieldsV1`.
  typealias Field = [String]

  /// What one manager owns.
  struct Entry: Hashable {
    enum Operation: String {
      case apply = "Apply"
      case update = "Update"
    }

    var manager: String
    var operation: Operation
    var subresource: String
    var apiVersion: String
    var time: String
    var fields: Set<Field>

    func isOf(_ manager: String, _ operation: Operation, _ subresource: String) -> Bool {
      self.manager == manager && self.operation == operation && self.subresource == subresource
    }
  }

  var entries: [Entry] = []

  /// Reads the ownership an object tells of.
  init(of object: JSONValue) {
    for entry in object[path: ["metadata", "managedFields"]]?.arrayValue ?? [] {
      guard let manager = entry["manager"]?.stringValue,
        let operation = entry["operation"]?.stringValue.flatMap(Entry.Operation.init)
      else { continue }
      entries.append(
        Entry(
          manager: manager, operation: operation,
          subresource: entry["subresource"]?.stringValue ?? "",
          apiVersion: entry["apiVersion"]?.stringValue ?? "",
          time: entry["time"]?.stringValue ?? "", fields: Self.fields(in: entry["fieldsV1"] ?? [:]))
      )
    }
  }

  /// The value of `metadata.managedFields`; nil when nobody owns anything.
  var managedFields: JSONValue? {
    let list = entries.filter { !$0.fields.isEmpty }
    guard !list.isEmpty else { return nil }
    return .array(
      list.map { entry in
        var fields: JSONValue = [:]
        for field in entry.fields.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
          fields[path: field] = [:]
        }
        var object: JSONValue = [
          "manager": .string(entry.manager), "operation": .string(entry.operation.rawValue),
          "apiVersion": .string(entry.apiVersion), "time": .string(entry.time),
          "fieldsType": "FieldsV1", "fieldsV1": fields,
        ]
        if !entry.subresource.isEmpty { object["subresource"] = .string(entry.subresource) }
        return object
      })
  }

  private static func fields(in tree: JSONValue) -> Set<Field> {
    var fields: Set<Field> = []
    func walk(_ value: JSONValue, _ path: Field) {
      guard let members = value.objectValue, !members.isEmpty else {
        if !path.isEmpty { fields.insert(path) }
        return
      }
      for (key, member) in members where path.count < 32 { walk(member, path + [key]) }
    }
    walk(tree, [])
    return fields
  }

  // MARK: Fields of an object

  /// The fields of an object that have owners, with their values.
  static func owned(in object: JSONValue) -> [Field: JSONValue] {
    var owned: [Field: JSONValue] = [:]
    for (key, value) in object.objectValue ?? JSONObject() {
      switch key {
      case "apiVersion", "kind": continue
      case "metadata":
        for name in ["labels", "annotations"] {
          for (key, value) in value[name]?.objectValue ?? JSONObject() {
            owned[["f:metadata", "f:\(name)", "f:\(key)"]] = value
          }
        }
        for name in ["ownerReferences", "finalizers"] {
          if let value = value[name] { owned[["f:metadata", "f:\(name)"]] = value }
        }
      case "data", "binaryData", "stringData":
        for (name, value) in value.objectValue ?? JSONObject() {
          owned[["f:\(key)", "f:\(name)"]] = value
        }
      case "status": addStatus(value, ["f:status"], to: &owned)
      default: owned[["f:\(key)"]] = value
      }
    }
    return owned
  }

  private static func addStatus(
    _ value: JSONValue, _ path: Field, to owned: inout [Field: JSONValue]
  ) {
    if let members = value.objectValue, !members.isEmpty, path.count < 16 {
      for (key, member) in members { addStatus(member, path + ["f:\(key)"], to: &owned) }
    } else if path.last == "f:conditions", let list = value.arrayValue,
      list.allSatisfy({ $0["type"]?.stringValue != nil })
    {
      for condition in list {
        let key: JSONValue = ["type": condition["type"] ?? .null]
        owned[path + ["k:" + String(decoding: key.serialized(), as: UTF8.self)]] = condition
      }
    } else {
      owned[path] = value
    }
  }

  /// A field in the words of users, such as `.spec` or `.status.conditions[type="Ready"]`.
  static func text(_ field: Field) -> String {
    field.map { part in
      guard part.hasPrefix("k:"), let key = try? JSONValue(parsing: String(part.dropFirst(2))),
        let type = key["type"]?.stringValue
      else { return "." + part.dropFirst(2) }
      return "[type=\"\(type)\"]"
    }.joined()
  }
}

extension FieldOwnership {
  /// Who writes, and what of the object.
  struct Writer: Hashable {
    var manager: String
    var subresource: String
    var apiVersion: String
    var time: String
  }

  /// What a manager applies.
  func applied(by writer: Writer) -> Set<Field> {
    entries.first { $0.isOf(writer.manager, .apply, writer.subresource) }?.fields ?? []
  }

  /// Whether a manager applied a field, and nobody else owns it.
  func isOwned(_ field: Field, byNoneBut writer: Writer) -> Bool {
    let owners = entries.filter { $0.fields.contains(field) }
    return owners.count == 1 && owners[0].isOf(writer.manager, .apply, writer.subresource)
  }

  /// Notes what a write other than server-side apply has changed.
  mutating func update(by writer: Writer, from old: JSONValue, to new: JSONValue) {
    let (before, after) = (Self.owned(in: old), Self.owned(in: new))
    let changed = Set(after.filter { before[$0.key] != $0.value }.keys)
    let gone = Set(before.keys).subtracting(after.keys)
    guard !changed.isEmpty || !gone.isEmpty else { return }
    for index in entries.indices {
      entries[index].fields.subtract(gone)
      // A member owned as a whole keeps the manager that applied it: one part of it has changed.
      let taken =
        entries[index].operation == .apply ? changed.filter { $0.count > 1 } : changed
      entries[index].fields.subtract(taken)
    }
    add(changed, to: writer, .update, replacing: false)
  }

  /// Notes what a manager has applied; `taken` are fields it took from others.
  mutating func apply(
    _ fields: Set<Field>, by writer: Writer, taking taken: Set<Field>, isChange: Bool
  ) {
    for index in entries.indices
    where !entries[index].isOf(writer.manager, .apply, writer.subresource) {
      entries[index].fields.subtract(taken)
    }
    let own = entries.first { $0.isOf(writer.manager, .apply, writer.subresource) }
    if isChange || own?.fields != fields { add(fields, to: writer, .apply, replacing: true) }
  }

  private mutating func add(
    _ fields: Set<Field>, to writer: Writer, _ operation: Entry.Operation, replacing: Bool
  ) {
    let place = entries.firstIndex { $0.isOf(writer.manager, operation, writer.subresource) }
    var entry =
      place.map { entries[$0] }
      ?? Entry(
        manager: writer.manager, operation: operation, subresource: writer.subresource,
        apiVersion: writer.apiVersion, time: writer.time, fields: [])
    entry.fields = replacing ? fields : entry.fields.union(fields)
    entry.apiVersion = writer.apiVersion
    entry.time = writer.time
    if let place { entries[place] = entry } else { entries.append(entry) }
    entries.removeAll { $0.fields.isEmpty }
  }
}
