/// What a request is for. Each purpose has connections and a budget of its own, so that a thousand
/// writes never keep a lease from being renewed, nor a slow list a token from being judged.
package enum RequestPurpose: CaseIterable, Hashable, Sendable {
  /// Following resources: long answers, as many as there are resources.
  case watch
  /// Reading objects and lists of them.
  case read
  /// Creating, changing and deleting objects.
  case write
  /// Judging tokens, which callers wait for.
  case review
  /// Taking and renewing leases.
  case lease

  /// How many requests may be under way at once; nil for no limit.
  var concurrency: Int? {
    switch self {
    case .watch: nil
    case .read: 16
    case .write: 16
    case .review: 32
    case .lease: 2
    }
  }
}
