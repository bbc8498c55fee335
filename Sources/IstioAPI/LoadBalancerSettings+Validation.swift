internal import StreamingJSON

extension LoadBalancerSettings {
  func validate(_ path: String, hasOutlierDetection: Bool, _ validator: inout FieldValidator) {
    if case .consistentHash(let hash) = policy {
      hash.validate("\(path).consistentHash", &validator)
    }
    validator.require(
      localityLbSetting == nil || zoneAwareLbSetting == nil, path,
      "only one of localityLbSetting and zoneAwareLbSetting may be set")
    localityLbSetting?.validate(
      "\(path).localityLbSetting", hasOutlierDetection: hasOutlierDetection, &validator)
    if let zoneAwareLbSetting {
      let path = "\(path).zoneAwareLbSetting"
      validateFailover(zoneAwareLbSetting.failover, "\(path).failover", &validator)
      validator.require(
        zoneAwareLbSetting.minClusterSize != 0, "\(path).minClusterSize",
        "the size must be at least 1")
      validateTopologyLabels(
        zoneAwareLbSetting.failoverPriority, "\(path).failoverPriority", &validator)
    }
    validator.duration(warmupDurationSecs, "\(path).warmupDurationSecs")
    guard let warmup else { return }
    validator.require(
      warmup.duration != nil, "\(path).warmup.duration", "the duration is missing")
    validator.duration(warmup.duration, "\(path).warmup.duration")
    if let percent = warmup.minimumPercent {
      validator.require(
        (0...100).contains(percent), "\(path).warmup.minimumPercent",
        "\(percent) is not between 0 and 100")
    }
    if let aggression = warmup.aggression {
      validator.require(
        aggression > 0, "\(path).warmup.aggression", "\(aggression) is not above 0")
    }
  }
}

extension ConsistentHashLoadBalancer {
  func validate(_ path: String, _ validator: inout FieldValidator) {
    if let minimumRingSize {
      if hashAlgorithm != nil {
        validator.error(
          "\(path).minimumRingSize",
          "minimumRingSize cannot be set together with ringHash or maglev")
      } else if minimumRingSize > 0 {
        validator.warning(
          "\(path).minimumRingSize", "minimumRingSize is deprecated",
          remedy: "use ringHash.minimumRingSize")
      }
    }
    if case .maglev(let maglev) = hashAlgorithm {
      let size = maglev.tableSize ?? 0
      validator.require(
        size > 0 && size < 5_000_011 && Self.isPrime(size), "\(path).maglev.tableSize",
        "the table size must be a prime number below 5000011", remedy: "use 65537")
    }
    guard case .httpCookie(let cookie) = hashKey else { return }
    validator.require(!cookie.name.isEmpty, "\(path).httpCookie.name", "the cookie needs a name")
    var names: Set<String> = []
    for (index, attribute) in cookie.attributes.enumerated() {
      let path = "\(path).httpCookie.attributes[\(index)].name"
      validator.require(!attribute.name.isEmpty, path, "the attribute needs a name")
      validator.require(names.insert(attribute.name).inserted, path, "the attribute is given twice")
    }
  }

  private static func isPrime(_ number: UInt64) -> Bool {
    guard number > 3 else { return number > 1 }
    var divisor: UInt64 = 2
    while divisor * divisor <= number {
      if number % divisor == 0 { return false }
      divisor += 1
    }
    return true
  }
}

extension LocalityLoadBalancerSetting {
  func validate(_ path: String, hasOutlierDetection: Bool, _ validator: inout FieldValidator) {
    validator.require(
      distribute.isEmpty || failover.isEmpty, path, "only one of distribute and failover may be set"
    )
    var sources: [String] = []
    for (index, distribution) in distribute.enumerated() {
      let path = "\(path).distribute[\(index)]"
      validateLocality(distribution.from, "\(path).from", &validator)
      for other in sources where Self.overlaps(other, distribution.from) {
        validator.error("\(path).from", "the locality overlaps \"\(other.prefix(80))\"")
      }
      sources.append(distribution.from)
      var sum: UInt64 = 0
      var targets: [String] = []
      for (target, weight) in distribution.to.sorted(by: { $0.key < $1.key }) {
        let weightPath = JSONPath.member(target, of: "\(path).to")
        validateLocality(target, weightPath, &validator)
        validator.require(
          (1...100).contains(weight), weightPath, "the weight is not between 1 and 100")
        for other in targets where Self.overlaps(other, target) {
          validator.error(weightPath, "the locality overlaps \"\(other.prefix(80))\"")
        }
        targets.append(target)
        sum += UInt64(weight)
      }
      validator.require(sum == 100, "\(path).to", "the weights sum to \(sum), not to 100")
    }
    validateFailover(failover, "\(path).failover", &validator)
    if !failover.isEmpty {
      validateTopologyLabels(failoverPriority, "\(path).failoverPriority", &validator)
    }
    if !failover.isEmpty || !failoverPriority.isEmpty, !hasOutlierDetection {
      validator.warning(
        path, "without outlierDetection nothing fails over", remedy: "set outlierDetection")
    }
  }

  private static func overlaps(_ left: String, _ right: String) -> Bool {
    func covers(_ wide: String, _ narrow: String) -> Bool {
      wide == narrow || wide == "*" || (wide.hasSuffix("/*") && narrow.hasPrefix(wide.dropLast()))
    }
    return covers(left, right) || covers(right, left)
  }

  private func validateLocality(
    _ locality: String, _ path: String, _ validator: inout FieldValidator
  ) {
    let parts = locality.split(separator: "/", omittingEmptySubsequences: false)
    validator.require(
      parts.allSatisfy { !$0.isEmpty }, path, "the locality has an empty part",
      remedy: "write region/zone/subzone")
    validator.require(
      !locality.dropLast().contains("*")
        && (locality == "*" || !locality.hasSuffix("*") || locality.hasSuffix("/*")),
      path, "the wildcard must be the last part of the locality")
  }
}

private func validateFailover(
  _ failover: [LocalityFailover], _ path: String, _ validator: inout FieldValidator
) {
  for (index, entry) in failover.enumerated() {
    let path = "\(path)[\(index)]"
    validator.require(entry.from != entry.to, path, "a region cannot fail over to itself")
    for (name, region) in [("from", entry.from), ("to", entry.to)] {
      validator.require(
        !region.contains("/") && !region.contains("*"), "\(path).\(name)",
        "a region is named without zone and wildcard")
    }
  }
}

private func validateTopologyLabels(
  _ labels: [String], _ path: String, _ validator: inout FieldValidator
) {
  let topology = [
    "topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone",
  ]
  for (index, label) in labels.enumerated() {
    let key = label.split(separator: "=", maxSplits: 1).first.map(String.init) ?? label
    validator.require(
      !topology.contains(key), "\(path)[\(index)]",
      "\(key) is already part of the failover by region")
  }
}
