package import StreamingJSON

/// A specification that knows the rules it must keep.
package protocol IstioValidatable {
  /// Everything that breaks a rule, with the field and what to do about it.
  func validate() -> [FieldIssue]
}

/// Collects what breaks a rule while a specification is walked.
struct FieldValidator {
  private(set) var issues: [FieldIssue] = []

  /// No object needs more; a hostile one must not fill memory with its faults.
  private static let maximumIssues = 200

  mutating func error(_ path: String, _ message: String, remedy: String? = nil) {
    guard issues.count < Self.maximumIssues else { return }
    issues.append(FieldIssue(path: path, message: message, remedy: remedy))
  }

  mutating func warning(_ path: String, _ message: String, remedy: String? = nil) {
    guard issues.count < Self.maximumIssues else { return }
    issues.append(FieldIssue(path: path, message: message, remedy: remedy, severity: .warning))
  }

  mutating func require(
    _ condition: Bool, _ path: String, _ message: @autoclosure () -> String, remedy: String? = nil
  ) {
    if !condition { error(path, message(), remedy: remedy) }
  }

  // MARK: Rules used by many fields

  mutating func port(_ number: UInt32, _ path: String) {
    require((1...65_535).contains(number), path, "port must be between 1-65535")
  }

  /// A duration of at least a millisecond; unset passes.
  mutating func duration(
    _ duration: IstioDuration?, _ path: String, allowsZero: Bool = false,
    wholeMilliseconds: Bool = true
  ) {
    guard let duration else { return }
    guard let nanoseconds = duration.totalNanoseconds else {
      error(path, "the duration is too long")
      return
    }
    if allowsZero, nanoseconds == 0 { return }
    require(nanoseconds >= 1_000_000, path, "the duration must be at least 1ms")
    if wholeMilliseconds, nanoseconds >= 1_000_000 {
      require(
        nanoseconds % 1_000_000 == 0, path, "the duration must be a whole number of milliseconds")
    }
  }

  mutating func dnsLabel(_ text: String, _ path: String) {
    require(
      NameSyntax.isDNSLabel(text), path, "\"\(text.prefix(80))\" is not a DNS label",
      remedy: "use letters, digits and dashes, at most 63 characters")
  }

  mutating func labels(_ labels: [String: String], _ path: String) {
    for (key, value) in labels.sorted(by: { $0.key < $1.key }) {
      let memberPath = JSONPath.member(key, of: path)
      require(NameSyntax.isLabelKey(key), memberPath, "the label key is malformed")
      require(NameSyntax.isLabelValue(value), memberPath, "the label value is malformed")
    }
  }

  /// The labels of a policy's selector.
  mutating func policySelector(_ labels: [String: String], _ path: String) {
    atMost(4_096, labels.count, path, "labels")
    if labels.isEmpty {
      warning(path, "the selector is empty and selects every workload")
    }
    for (key, value) in labels.sorted(by: { $0.key < $1.key }) {
      let memberPath = JSONPath.member(key, of: path)
      require(!key.isEmpty, memberPath, "key must not be empty")
      require(!key.contains("*"), memberPath, "wildcard not allowed in label key match")
      require(!value.contains("*"), memberPath, "wildcard not allowed in label value match")
      require(value.utf8.count <= 63, memberPath, "the label value is longer than 63 characters")
    }
  }

  mutating func regex(_ pattern: String, _ path: String) {
    guard !pattern.isEmpty else {
      error(path, "the regular expression is empty")
      return
    }
    if let fault = PatternCheck.fault(pattern) {
      error(path, "the regular expression is refused: \(fault)", remedy: "use RE2 syntax")
    }
  }

  mutating func stringMatch(_ match: StringMatch?, _ path: String, allowsEmptyPrefix: Bool = false)
  {
    switch match {
    case .prefix(let text):
      require(
        allowsEmptyPrefix || !text.isEmpty, "\(path).prefix", "the prefix is empty",
        remedy: "remove the condition")
    case .regex(let pattern): regex(pattern, "\(path).regex")
    case .exact, .unset, nil: break
    }
  }

  mutating func host(_ host: String, _ path: String) {
    require(
      NameSyntax.isWildcardDomain(host) || IPSyntax.isAddress(host), path,
      "\"\(host.prefix(80))\" is not a domain name",
      remedy: "use DNS labels, with a wildcard only in the first")
  }

  mutating func exportTo(_ list: [String], _ path: String, allowsNone: Bool = false) {
    var seen: Set<String> = []
    for (index, entry) in list.enumerated() {
      let entryPath = JSONPath.element(index, of: path)
      require(seen.insert(entry).inserted, entryPath, "\"\(entry.prefix(80))\" is given twice")
      switch entry {
      case ".", "*": break
      case "~":
        require(allowsNone, entryPath, "\"~\" is only allowed in a ServiceEntry")
      default: dnsLabel(entry, entryPath)
      }
    }
    if list.count > 1 {
      require(
        !list.contains("*"), path, "\"*\" must stand alone", remedy: "remove the other entries")
      require(
        !list.contains("~"), path, "\"~\" must stand alone", remedy: "remove the other entries")
    }
  }

  /// A bound on how much of something there may be; unset passes.
  mutating func atMost(_ limit: Int, _ count: Int?, _ path: String, _ noun: String) {
    require((count ?? 0) <= limit, path, "there are more than \(limit) \(noun)")
  }

  mutating func addressOrNetwork(_ text: String, _ path: String) {
    require(
      IPSyntax.isAddress(text) || IPSyntax.isNetwork(text), path,
      "\"\(text.prefix(80))\" is neither an IP address nor a CIDR block")
  }
}
