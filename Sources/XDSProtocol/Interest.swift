/// The names of one type that a proxy asked for.
///
/// Nearly every proxy asks for all there are; that costs nothing, only what differs from it is kept.
struct Interest: Sendable {
  /// Whether every resource that exists is wanted, but for ``excluded`` ones.
  private(set) var isEverything = false
  /// Names that are wanted whether or not they exist.
  private(set) var included: Set<String> = []
  private(set) var excluded: Set<String> = []
  private var digest = SetDigest()

  /// Wants every resource that exists.
  static let everything: Interest = {
    var interest = Interest()
    interest.isEverything = true
    return interest
  }()

  /// How many names are kept.
  var size: Int { included.count + excluded.count }

  var isEmpty: Bool { !isEverything && included.isEmpty }

  func contains(_ name: String, exists: Bool) -> Bool {
    included.contains(name) || (isEverything && exists && !excluded.contains(name))
  }

  /// Wants `name` too.
  mutating func insert(_ name: String, exists: Bool) {
    excluded.remove(name)
    if isEverything && exists { return }
    if included.insert(name).inserted { digest.add(name) }
  }

  mutating func remove(_ name: String, exists: Bool) {
    if included.remove(name) != nil { digest.remove(name) }
    if isEverything && exists { excluded.insert(name) }
  }

  /// Takes account of a resource that began to exist: nobody has asked for it yet.
  mutating func began(_ name: String) {
    if isEverything, !included.contains(name) { excluded.insert(name) }
  }

  /// Takes account of a resource that ended: whoever wanted it still does.
  mutating func ended(_ name: String) {
    if isEverything, excluded.remove(name) == nil { included.insert(name) }
  }

  /// Forgets the names where they are just those that exist.
  mutating func compact(_ existing: SetDigest) {
    if !isEverything, !included.isEmpty, digest == existing { self = .everything }
  }

  /// The names among `existing` ones and others.
  func names(existing: some Sequence<String>) -> Set<String> {
    isEverything ? included.union(Set(existing).subtracting(excluded)) : included
  }
}
