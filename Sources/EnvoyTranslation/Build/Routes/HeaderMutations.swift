internal import EnvoyAPI
internal import IstioAPI
internal import ProtobufWire

/// Header rules as Envoy's lists: set ones first, then added ones, each sorted by name.
struct HeaderMutations {
  private let rules: HeaderRules?

  init(_ rules: HeaderRules?) {
    self.rules = rules
  }

  /// The host that the rules give the request; empty leaves it.
  var host: String {
    for (name, value) in rules?.request?.set ?? [:] where Self.isHost(name) { return value }
    for (name, value) in rules?.request?.add ?? [:] where Self.isHost(name) { return value }
    return ""
  }

  func write(_ route: inout Envoy.Route) {
    for option in Self.additions(rules?.request) { route.requestHeadersToAdd(encoded: option) }
    for name in rules?.request?.remove ?? [] { route.requestHeadersToRemove(name) }
    for option in Self.additions(rules?.response) { route.responseHeadersToAdd(encoded: option) }
    for name in rules?.response?.remove ?? [] { route.responseHeadersToRemove(name) }
  }

  func write(_ weight: inout Envoy.WeightedCluster.ClusterWeight) {
    for option in Self.additions(rules?.request) { weight.requestHeadersToAdd(encoded: option) }
    for name in rules?.request?.remove ?? [] { weight.requestHeadersToRemove(name) }
    for option in Self.additions(rules?.response) { weight.responseHeadersToAdd(encoded: option) }
    for name in rules?.response?.remove ?? [] { weight.responseHeadersToRemove(name) }
  }

  private static func isHost(_ name: String) -> Bool {
    ["host", ":authority"].contains(name.lowercased())
  }

  private static func additions(_ operations: HeaderOperations?) -> [[UInt8]] {
    guard let operations else { return [] }
    let set = operations.set.sorted { $0.key < $1.key }
      .map { ($0.key, $0.value, Envoy.HeaderValueOption.HeaderAppendAction.overwriteIfExistsOrAdd) }
    let added = operations.add.sorted { $0.key < $1.key }
      .map { ($0.key, $0.value, Envoy.HeaderValueOption.HeaderAppendAction.appendIfExistsOrAdd) }
    return (set + added).compactMap { name, value, action in
      // Envoy refuses to change pseudo headers and the host this way.
      guard !name.hasPrefix(":"), !isHost(name) else { return nil }
      return Envoy.HeaderValueOption.encode {
        $0.header {
          $0.key(name)
          $0.value(value)
        }
        $0.appendAction(action)
      }
    }
  }
}
