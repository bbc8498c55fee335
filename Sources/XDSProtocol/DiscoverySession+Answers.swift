// What an answer of the proxy, good or bad, means for what it holds.

extension DiscoverySession {
  mutating func acknowledge(_ type: ResourceType, now: Int64) {
    guard let response = types[type].inFlight else { return }
    types[type].inFlight = nil
    if response.whole != nil { settleEverything(type, response, now: now) }
    for entry in response.entries {
      types[type].refused[entry.name] = nil
      settle(type, entry, now: now)
    }
  }

  /// As ``settle(_:_:now:)`` of each resource, where only those are looked at that matter.
  private mutating func settleEverything(
    _ type: ResourceType, _ response: TypeSession.InFlight, now: Int64
  ) {
    guard let state = response.whole else { return }
    switch type {
    case .cluster:
      let awaitsEndpoints = types[.endpoints].isWatched && !types[.endpoints].isIdle
      let interest = types[.endpoints].interest
      guard
        awaitsEndpoints || !interest.isEverything || !interest.excluded.isEmpty
          || state.slowCount(.cluster) > 0
      else { return }
      for entry in response.expanded(type) { settle(type, entry, now: now) }
    case .endpoints:
      guard !warming.isEmpty else { return }
      warming = warming.filter { state[.endpoints, $0.key] == nil }
    case .listener, .route, .virtualHost, .secret: break
    }
  }

  private mutating func settle(_ type: ResourceType, _ entry: TypeSession.Entry, now: Int64) {
    switch type {
    case .cluster:
      guard let sent = entry.sent, entry.held.version == nil else {
        if entry.sent == nil {
          warming[entry.name] = nil
          replacedEarly.remove(entry.name)
        }
        return
      }
      switch sent.readiness {
      case .immediate: break
      case .resolution: warming[entry.name] = now + patience.resolution
      case .endpoints:
        if types[.endpoints].isWatched, !areEndpointsHeld(entry.name) {
          warming[entry.name] = now + patience.endpoints
        }
      }
    case .endpoints: warming[entry.name] = nil
    case .route: if target[.route, entry.name] != nil { hold(route: entry.name) }
    case .listener, .virtualHost, .secret: break
    }
  }

  private func areEndpointsHeld(_ name: String) -> Bool {
    let endpoints = types[.endpoints]
    return isWanted(.endpoints, name) && endpoints.pending[name] == nil
      && !endpoints.awaitsEverything && endpoints.inFlight?.sent(.endpoints, name) == nil
  }

  /// Takes a refusal apart: the offenders are set aside, the rest of the response is sent again.
  ///
  /// Envoy applies the good resources of a refused CDS or LDS response but records no version of it,
  /// and stops at the first bad one of the other types.
  mutating func refuse(_ type: ResourceType, _ message: String) -> [Rejection] {
    guard let entries = types[type].inFlight?.expanded(type) else { return [] }
    types[type].inFlight = nil
    // A removal cannot be taken apart; asking again would only repeat the refusal.
    guard entries.contains(where: { $0.sent != nil }) else { return [] }
    let offenders = Self.offenders(entries, message)
    var rejections: [Rejection] = []
    for entry in entries {
      if let sent = entry.sent, offenders.contains(entry.name) {
        rejections.append(setAside(type, entry, sent, message))
      } else {
        restore(type, entry)
      }
    }
    if offenders.isEmpty { suspect(type, entries.map(\.name)) }
    return rejections
  }

  private mutating func setAside(
    _ type: ResourceType, _ entry: TypeSession.Entry, _ sent: EncodedResource, _ message: String
  ) -> Rejection {
    let rejection = Rejection(
      type: type, name: entry.name, version: sent.version, message: message, sources: sent.sources)
    types[type].refused[entry.name] = TypeSession.Refused(
      rejection: rejection, lastGood: entry.held)
    return rejection
  }

  private mutating func restore(_ type: ResourceType, _ entry: TypeSession.Entry) {
    if types[type].pending[entry.name] == nil {
      types[type].pending[entry.name] = TypeSession.Pending(held: entry.held, isForced: true)
    } else {
      types[type].pending[entry.name]?.held = entry.held
      types[type].pending[entry.name]?.isForced = true
    }
  }

  private mutating func suspect(_ type: ResourceType, _ names: [String]) {
    let sorted = names.sorted()
    let middle = sorted.count / 2
    types[type].suspects.insert(
      contentsOf: [Array(sorted[..<middle]), Array(sorted[middle...])].filter { !$0.isEmpty },
      at: 0)
  }

  /// The names that the text of a refusal speaks of; a response of one resource needs no text.
  static func offenders(_ entries: [TypeSession.Entry], _ message: String) -> Set<String> {
    let sent = entries.filter { $0.sent != nil }
    if sent.count == 1, let only = sent.first { return [only.name] }
    // A short name (a port) may stand in any text by chance.
    let named = sent.map(\.name).filter { $0.utf8.count >= 6 && mentions($0, in: message) }
    return Set(named)
  }

  /// Whether `name` stands in `message` and is not merely the beginning of a longer name.
  private static func mentions(_ name: String, in message: String) -> Bool {
    var rest = message[...]
    while let range = rest.firstRange(of: name) {
      let before =
        range.lowerBound == message.startIndex
        ? nil : message[message.index(before: range.lowerBound)]
      let after = range.upperBound == message.endIndex ? nil : message[range.upperBound]
      if !isNamePart(before), !isNamePart(after) { return true }
      rest = rest[range.upperBound...]
    }
    return false
  }

  private static func isNamePart(_ character: Character?) -> Bool {
    guard let character else { return false }
    return character.isLetter || character.isNumber || character == "_" || character == "-"
      || character == "|" || character == "/"
  }
}
