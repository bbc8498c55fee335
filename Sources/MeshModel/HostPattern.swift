/// Host names with an optional leading wildcard, as Istio's hosts are.
package enum HostPattern {
  /// Resolves a short name of an object in `namespace`: `reviews` is `reviews.<namespace>.svc.<domain>`.
  ///
  /// Names with a dot or a wildcard stand as they are, in lower case.
  package static func resolve(_ host: String, namespace: String, clusterDomain: String) -> String {
    let lowercased = host.lowercased()
    if lowercased.contains(".") || lowercased == "*" || lowercased.isEmpty { return lowercased }
    return "\(lowercased).\(namespace).svc.\(clusterDomain)"
  }

  package static func isWildcard(_ pattern: String) -> Bool { pattern.hasPrefix("*") }

  /// Whether `pattern` covers `host`; `*.example.com` covers what ends in `.example.com`.
  package static func matches(_ pattern: String, _ host: String) -> Bool {
    guard isWildcard(pattern) else { return pattern == host }
    let suffix = pattern.dropFirst()
    if isWildcard(host) { return host.dropFirst().hasSuffix(suffix) }
    return host.hasSuffix(suffix) && host.utf8.count >= suffix.utf8.count
  }

  /// Whether some host is covered by both patterns; the narrower of the two is in ``intersection``.
  package static func intersection(_ left: String, _ right: String) -> String? {
    if matches(left, right) { return right }
    if matches(right, left) { return left }
    return nil
  }

  /// Whether `left` is more specific than `right`: an exact name before a wildcard, longer before shorter.
  package static func isMoreSpecific(_ left: String, than right: String) -> Bool {
    switch (isWildcard(left), isWildcard(right)) {
    case (false, true): true
    case (true, false): false
    default: left.utf8.count > right.utf8.count
    }
  }
}
