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
  }

  var isWatched = false
  /// The names asked for; unused for types that are always complete.
  var names: Set<String> = []
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
  /// Names what the proxy holds after the last response; only a label, for responses carry a version.
  var label = SetDigest()

  var isIdle: Bool { pending.isEmpty && inFlight == nil && releases.isEmpty }

  /// Notes that the proxy shall hold another version of `name` than `old`.
  mutating func expect(_ name: String, old: HeldResource, isForced: Bool = false) {
    if pending[name] != nil {
      if isForced { pending[name]?.isForced = true }
      return
    }
    var held = old
    if let refused = refused[name] { held = refused.lastGood }
    if let entry = inFlight?.entries.first(where: { $0.name == name }) {
      held = HeldResource(entry.sent)
    }
    pending[name] = Pending(held: held, isForced: isForced)
  }

  /// Ends the interest in `name`.
  mutating func forget(_ name: String) {
    names.remove(name)
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

/// An order-independent digest of a set of (name, version) pairs.
package struct SetDigest: Hashable, Sendable {
  package private(set) var bits: UInt64 = 0

  package init() {}

  /// Adds the pair, or takes it out if it is in.
  package mutating func toggle(_ name: String, _ version: String) {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash = (hash ^ 0xFF) &* 0x100_0000_01b3
    for byte in version.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    bits ^= hash
  }

  /// Hexadecimal, for reports.
  package var text: String { String(bits, radix: 16) }
}
