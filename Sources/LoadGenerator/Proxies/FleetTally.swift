package import StreamingJSON
package import XDSProtocol

/// What simulated proxies have received so far.
package struct FleetTally: Sendable {
  /// The count of one type.
  package struct PerType: Hashable, Sendable {
    package var messages = 0
    package var resources = 0
    package var bytes = 0
  }

  package private(set) var types = PerResourceType { _ in PerType() }
  package private(set) var messages = 0
  /// The bytes of all messages, without the framing of gRPC, HTTP/2 and TLS.
  package private(set) var bytes = 0
  /// Proxies that hold everything they asked for, at present.
  package private(set) var complete = 0
  /// From the moment a proxy was due until it held everything.
  package private(set) var firstTimes = Latencies()
  /// From the loss of a stream until the proxy held everything again.
  package private(set) var returnTimes = Latencies()
  package private(set) var losses = 0
  /// Ends of streams by gRPC status.
  package private(set) var ends: [String: Int] = [:]
  package var refusals = 0
  /// What went wrong, with how often.
  package var failures: [String: Int] = [:]

  package init() {}

  mutating func received(_ type: ResourceType?, resources: Int, bytes: Int) {
    messages += 1
    self.bytes += bytes
    guard let type else { return }
    types[type].messages += 1
    types[type].resources += resources
    types[type].bytes += bytes
  }

  mutating func completed(after time: Duration, isReconnection: Bool) {
    complete += 1
    if isReconnection { returnTimes.record(time) } else { firstTimes.record(time) }
  }

  mutating func lost(_ status: String, wasComplete: Bool) {
    losses += 1
    ends[status, default: 0] += 1
    if wasComplete { complete -= 1 }
  }

  /// Per type `messages`, `resources` and `bytes`, for each of `proxies` proxies.
  package func json(proxies: Int) -> JSONValue {
    let share = Double(max(1, proxies))
    var perType: JSONValue = [:]
    for type in ResourceType.allCases where types[type].messages > 0 {
      perType[type.shortName] = [
        "messages": .number(Double(types[type].messages) / share),
        "resources": .number(Double(types[type].resources) / share),
        "bytes": .number(Double(types[type].bytes) / share),
      ]
    }
    return [
      "messages": .number(Double(messages) / share), "bytes": .number(Double(bytes) / share),
      "types": perType,
    ]
  }
}
