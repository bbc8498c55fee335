/// What a proxy holds of one resource, as far as its stream tells.
package enum HeldResource: Sendable {
  case nothing
  /// Held since an earlier stream, at this version.
  case version(String)
  case resource(EncodedResource)

  var version: String? {
    switch self {
    case .nothing: nil
    case .version(let version): version
    case .resource(let resource): resource.version
    }
  }

  var resource: EncodedResource? {
    if case .resource(let resource) = self { resource } else { nil }
  }

  init(_ resource: EncodedResource?) {
    self = resource.map { .resource($0) } ?? .nothing
  }
}

/// The state of one resource type on one stream.
///
/// It holds only what differs between the proxy and the newest state: what waits to be sent, what is
/// sent and unanswered, what was refused.
struct TypeSession: Sendable {
  /// A resource that the proxy does not hold as it should be.
  struct Pending: Sendable {
    var held: HeldResource
    /// Sent even where the versions are equal.
    var isForced = false
  }

  /// A resource of a response that awaits its answer.
  struct Entry: Sendable {
    var name: String
    var held: HeldResource
    /// What was sent; nil for a removal.
    var sent: EncodedResource?
  }

  /// A refused resource, until a newer version of it is accepted.
  struct Refused: Sendable {
    var rejection: Rejection
    var lastGood: HeldResource
  }

  struct InFlight: Sendable {
    var nonce: String
    var entries: [Entry]
    /// The state of which all resources were sent to a proxy that held none; nil where only
    /// ``entries`` were.
    var whole: ResourceState?
    /// The names that were not, although the state has them.
    var excluded: Set<String> = []

    /// What was sent of `name`; nil where nothing was, a removal is `.some(nil)`.
    func sent(_ type: ResourceType, _ name: String) -> EncodedResource?? {
      if let entry = entries.first(where: { $0.name == name }) { return .some(entry.sent) }
      guard let whole, !excluded.contains(name), let resource = whole[type, name] else {
        return nil
      }
      return .some(resource)
    }

    /// Everything that was sent, one by one.
    func expanded(_ type: ResourceType) -> [Entry] {
      guard let whole else { return entries }
      return entries
        + whole.all(type).filter { !excluded.contains($0.name) }
        .map { Entry(name: $0.name, held: .nothing, sent: $0) }
    }
  }

  let type: ResourceType
  var isWatched = false
  /// The names asked for; unused for types that are always complete.
  var interest = Interest()
  /// The digest of the list that stands in every request of the state of the world.
  var lastNames: SetDigest?
  /// Whether the proxy holds nothing of the type and waits for all of it.
  var awaitsEverything = false
  /// Whether the proxy waits for a first answer.
  var owesAnswer = false
  var pending: [String: Pending] = [:]
  var inFlight: InFlight?
  /// Parts of a refused response, each to be sent by itself until the offender is found.
  var suspects: [[String]] = []
  var refused: [String: Refused] = [:]
  /// Names to be removed at the proxy although no resource of that name ended.
  var releases: Set<String> = []
  /// The last nonce sent, for recognizing stale requests.
  var lastNonce = ""

  init(_ type: ResourceType) {
    self.type = type
  }

  var isIdle: Bool {
    pending.isEmpty && !awaitsEverything && inFlight == nil && releases.isEmpty
  }

  /// Notes that the proxy shall hold another version of `name` than `old`.
  mutating func expect(_ name: String, old: HeldResource, isForced: Bool = false) {
    if pending[name] != nil {
      if isForced { pending[name]?.isForced = true }
      return
    }
    var held = old
    if let refused = refused[name] { held = refused.lastGood }
    if let sent = inFlight?.sent(type, name) { held = HeldResource(sent) }
    pending[name] = Pending(held: held, isForced: isForced)
  }

  /// Forgets a resource that ended before the proxy was sent it.
  mutating func forgetUnsent(_ name: String) {
    guard let held = pending[name]?.held, held.version == nil else { return }
    pending[name] = nil
    refused[name] = nil
  }

  /// How many entries are kept.
  var size: Int {
    interest.size + pending.count + (inFlight.map { $0.entries.count + $0.excluded.count } ?? 0)
      + suspects.reduce(suspects.count) { $0 + $1.count } + refused.count + releases.count
  }

  /// Ends the interest in `name`.
  mutating func forget(_ name: String, exists: Bool) {
    interest.remove(name, exists: exists)
    pending[name] = nil
    refused[name] = nil
  }

  /// What the proxy holds of `name` if the newest state's version is `current`.
  func held(_ name: String, current: EncodedResource?) -> EncodedResource? {
    if let pending = pending[name] { return pending.held.resource }
    if let refused = refused[name] { return refused.lastGood.resource }
    return current
  }
}
