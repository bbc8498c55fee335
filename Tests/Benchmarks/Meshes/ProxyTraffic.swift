internal import XDSProtocol

/// What a control plane sent to a proxy.
package struct ProxyTraffic: Hashable, Sendable {
  package var messages = 0
  package var resources = 0
  package var removals = 0
  /// The bytes of resources and of removals' names as a response carries them, without the few that
  /// every response has of its own.
  package var bytes = 0

  package init() {}

  mutating func count(_ response: DiscoveryResponse, _ variant: DiscoverySession.Variant) {
    messages += 1
    resources += response.resources.count
    removals += response.removed.count
    bytes += response.resources.reduce(0) {
      $0 + (variant == .delta ? $1.deltaEntry.count : $1.any.count)
    }
    bytes += response.removed.reduce(0) { $0 + $1.utf8.count }
  }

  package static func - (left: Self, right: Self) -> Self {
    var difference = left
    difference.messages -= right.messages
    difference.resources -= right.resources
    difference.removals -= right.removals
    difference.bytes -= right.bytes
    return difference
  }
}
