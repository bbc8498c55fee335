internal import KubernetesAPI
internal import StreamingJSON

/// What server-side apply makes of an object, and whether its owners let it.
struct ServerSideApply {
  let writer: FieldOwnership.Writer
  let isForced: Bool
  /// What the manager applies now.
  let intent: JSONValue
  /// What it applied the last time.
  let previous: JSONValue?

  /// The object with the intent in it; what the manager left out since the last time is gone, where it
  /// still was the manager's, and nobody else's.
  func merged(into current: JSONValue) -> JSONValue {
    let ownership = FieldOwnership(of: current)
    let now = FieldOwnership.owned(in: intent)
    // What became the manager's otherwise, as kubectl moves what it applied before on its own, it left out too.
    let present = FieldOwnership.owned(in: current)
    let before = ownership.applied(by: writer).reduce(
      into: FieldOwnership.owned(in: previous ?? [:])
    ) { before, field in
      if field.count > 1, before[field] == nil { before[field] = present[field] }
    }
    var merged = current
    var kept: JSONValue = [:]
    for (field, value) in before where !field.contains(where: { $0.hasPrefix("k:") }) {
      let path = field.map { String($0.dropFirst(2)) }
      if now[field] != nil {
        kept[path: path] = value
      } else if ownership.isOwned(field, byNoneBut: writer) {
        merged.remove(path, withParentsOf: intent)
      }
    }
    merged = merged.merging(Self.removals(from: kept, to: intent).merging(asPatch: intent))
    // Conditions are a set by type, of which a manager writes its own.
    let path = ["status", "conditions"]
    if let old = current[path: path]?.arrayValue, let new = intent[path: path]?.arrayValue {
      let dropped = Set(previous?[path: path]?.arrayValue?.compactMap { $0["type"] } ?? [])
      let kept = old.filter { condition in
        !new.contains { $0["type"] == condition["type"] }
          && !dropped.contains(condition["type"] ?? .null)
      }
      let places = old.compactMap { $0["type"] }
      merged[path: path] = .array(
        (kept + new).enumerated().sorted { left, right in
          (places.firstIndex(of: left.element["type"] ?? .null) ?? .max, left.offset)
            < (places.firstIndex(of: right.element["type"] ?? .null) ?? .max, right.offset)
        }.map(\.element))
    }
    return merged
  }

  /// Who owns what after the object became `result`.
  ///
  /// - Throws: 409 when another manager owns what would change; 415 when only owners of parts of a
  ///   member could share it.
  func ownership(from current: JSONValue, to result: JSONValue) throws(APIStatus) -> FieldOwnership
  {
    var ownership = FieldOwnership(of: current)
    let (before, after) = (FieldOwnership.owned(in: current), FieldOwnership.owned(in: result))
    let fields = Set(FieldOwnership.owned(in: intent).keys)
    var conflicts: [APIStatus.Cause] = []
    var taken: Set<FieldOwnership.Field> = []
    var isChange = false
    for field in fields.sorted(by: { $0.lexicographicallyPrecedes($1) })
    where before[field] != after[field] {
      isChange = true
      guard let old = before[field], let new = after[field] else { continue }
      let others = ownership.entries.filter {
        $0.fields.contains(field)
          && !$0.isOf(writer.manager, .apply, writer.subresource)
      }
      guard !others.isEmpty else { continue }
      let differences = Self.differences(old, new)
      let base = FieldOwnership.text(field)
      if !isForced {
        for owner in others {
          conflicts += differences.changed.map { path in
            APIStatus.Cause(
              reason: "FieldManagerConflict", field: base + path,
              message: "conflict with \"\(owner.manager)\"")
          }
        }
      }
      if conflicts.isEmpty, let owner = others.first(where: { $0.operation == .apply }) {
        let applied = FieldOwnership.owned(in: intent)[field] ?? .null
        guard Self.differences(old, applied).missing.isEmpty else {
          throw Self.tooFine(base, owner: owner.manager)
        }
      }
      if !differences.changed.isEmpty { taken.insert(field) }
    }
    guard conflicts.isEmpty else { throw Self.conflict(conflicts) }
    ownership.apply(fields, by: writer, taking: taken, isChange: isChange)
    return ownership
  }

  private static func conflict(_ causes: [APIStatus.Cause]) -> APIStatus {
    let count = causes.count == 1 ? "1 conflict" : "\(causes.count) conflicts"
    let list = causes.prefix(20).map { "\($0.message): \($0.field)" }
    let text =
      list.count == 1 ? " \(list[0])" : "\n" + list.map { "- \($0)" }.joined(separator: "\n")
    return APIStatus(
      code: 409, reason: "Conflict", message: "Apply failed with \(count):\(text)",
      causes: Array(causes.prefix(50)))
  }

  private static func tooFine(_ field: String, owner: String) -> APIStatus {
    APIStatus(
      code: 415, reason: "UnsupportedMediaType",
      message:
        "\(field) is owned by \"\(owner)\" as a whole, and this API cannot give a part of it "
        + "to another manager; apply all of \(field), or apply as \"\(owner)\"")
  }

  // MARK: Differences

  /// Where two values differ: members of both with other values, and members only the first has.
  static func differences(
    _ old: JSONValue, _ new: JSONValue
  ) -> (changed: [String], missing: [String]) {
    var changed: [String] = []
    var missing: [String] = []
    func compare(_ old: JSONValue, _ new: JSONValue, _ path: String) {
      guard let left = old.objectValue, let right = new.objectValue else {
        if old != new { changed.append(path) }
        return
      }
      for (key, value) in left {
        if let other = right[key] {
          compare(value, other, "\(path).\(key)")
        } else {
          missing.append("\(path).\(key)")
        }
      }
    }
    compare(old, new, "")
    return (changed, missing)
  }

  /// A merge patch that removes the members of `old` that are not in `new`.
  private static func removals(from old: JSONValue, to new: JSONValue) -> JSONValue {
    guard let members = old.objectValue else { return [:] }
    var patch: JSONValue = [:]
    for (key, value) in members {
      if let kept = new[key] {
        if kept.objectValue != nil { patch[key] = removals(from: value, to: kept) }
      } else {
        patch[key] = .null
      }
    }
    return patch
  }
}

extension JSONValue {
  /// Removes a member, and the objects that held nothing else, unless `intent` has them.
  fileprivate mutating func remove(_ path: [String], withParentsOf intent: JSONValue) {
    self[path: path] = nil
    let parent = Array(path.dropLast())
    guard !parent.isEmpty, intent[path: parent] == nil,
      self[path: parent]?.objectValue?.isEmpty == true
    else { return }
    remove(parent, withParentsOf: intent)
  }

  /// Two merge patches as one; the members of `other` stand over those of the value.
  fileprivate func merging(asPatch other: JSONValue) -> JSONValue {
    guard var object = objectValue, let changes = other.objectValue else { return other }
    for (key, change) in changes {
      object[key] = object[key].map { $0.merging(asPatch: change) } ?? change
    }
    return .object(object)
  }
}
