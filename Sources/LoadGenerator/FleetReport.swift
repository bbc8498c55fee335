package import StreamingJSON

/// What a ``FleetRun`` measured.
package struct FleetReport: Sendable {
  private let configuration: ProxyFleet.Configuration
  private let readers: Int
  package var isComplete = false
  /// From the first connection until every reading proxy held everything.
  package var coldTime = Duration.zero
  package var cold = FleetTally()
  package var edits: [EditOutcome] = []
  var start: ProcessUsage?
  var afterCold: ProcessUsage?
  var ownStart: ProcessUsage?
  private var end: ProcessUsage?
  private var ownEnd: ProcessUsage?
  private var final = FleetTally()
  private var returning: JSONValue = .null

  init(configuration: ProxyFleet.Configuration, readers: Int) {
    self.configuration = configuration
    self.readers = readers
  }

  mutating func returned(
    in time: Duration, from: FleetTally, to: FleetTally, _ before: ProcessUsage?,
    _ after: ProcessUsage?
  ) {
    let seconds = time / .seconds(1)
    returning = [
      "all_s": .number(seconds), "proxies_per_s": .number(Double(readers) / max(seconds, 0.001)),
      "each": to.returnTimes.json,
      "bytes_per_proxy": .number(Double(to.bytes - from.bytes) / Double(max(1, readers))),
      "server": after?.json(since: before) ?? .null,
    ]
  }

  mutating func finish(_ tally: FleetTally, _ usage: ProcessUsage?) {
    final = tally
    end = usage
    ownEnd = .own
  }

  /// The report for machines.
  package var json: JSONValue {
    var failures: JSONValue = [:]
    for (reason, count) in final.failures { failures[reason] = .integer(Int64(count)) }
    var ends: JSONValue = [:]
    for (status, count) in final.ends { ends[status] = .integer(Int64(count)) }
    return [
      "proxies": .integer(Int64(configuration.proxies)),
      "xds": .string(configuration.isDelta ? "delta" : "sotw"),
      "tls": .bool(configuration.credentials != nil),
      "complete": .bool(isComplete),
      "cold": [
        "all_s": .number(coldTime / .seconds(1)), "each": cold.firstTimes.json,
        "per_proxy": cold.json(proxies: readers),
        "server": afterCold?.json(since: start) ?? .null,
      ],
      "edits": .array(edits.map(\.json)),
      "return": returning,
      "streams_lost": .integer(Int64(final.losses)), "ends": ends,
      "returns": final.returnTimes.json,
      "refusals": .integer(Int64(final.refusals)), "failures": failures,
      "server": end?.json(since: start) ?? .null,
      "generator": ownEnd?.json(since: ownStart) ?? .null,
    ]
  }

  /// The report for people.
  package var text: String {
    let perProxy = json["cold"]?["per_proxy"]
    var lines = [
      "\(readers) of \(configuration.proxies) proxies read, \(configuration.isDelta ? "delta" : "sotw"), "
        + (configuration.credentials == nil ? "plaintext" : "mutual TLS"),
      "complete     \(cold.firstTimes.count) in \(Self.round(coldTime / .seconds(1))) s"
        + Self.percentiles(cold.firstTimes),
      "received     \(Self.megabytes(perProxy?["bytes"])) MB and "
        + "\(Self.number(perProxy?["messages"])) messages a proxy",
    ]
    for edit in edits {
      var line = "\(edit.kind.rawValue): \(edit.last.count) edits, last proxy"
      line += Self.percentiles(edit.last)
      line += ", \(Self.round(edit.bytes / 1000)) kB to all"
      if let seconds = edit.serverSeconds { line += ", \(Self.round(seconds * 1000)) ms CPU" }
      if edit.incomplete > 0 { line += ", \(edit.incomplete) DID NOT ARRIVE EVERYWHERE" }
      lines.append(line)
    }
    if returning != .null {
      lines.append(
        "return       all in \(Self.number(returning["all_s"])) s, "
          + "\(Self.number(returning["proxies_per_s"])) proxies a second, "
          + "\(Self.number(returning["bytes_per_proxy"])) bytes a proxy")
    }
    for (who, used) in [
      ("server", afterCold?.json(since: start)), ("server, end", end?.json(since: start)),
      ("generator", ownEnd?.json(since: ownStart)),
    ] {
      guard let used else { continue }
      lines.append(
        who + String(repeating: " ", count: max(1, 13 - who.count))
          + "\(Self.number(used["cpu_s"])) CPU-s, \(Self.number(used["rss_mb"])) MB resident")
    }
    if final.losses > 0 { lines.append("streams lost \(final.losses): \(final.ends)") }
    for (reason, count) in final.failures.sorted(by: { $0.key < $1.key }) {
      lines.append("\(count) × \(reason)")
    }
    return lines.joined(separator: "\n")
  }

  private static func percentiles(_ latencies: Latencies) -> String {
    " p50 \(round(latencies.percentile(50))) ms, p99 \(round(latencies.percentile(99))) ms, "
      + "max \(round(latencies.longest)) ms"
  }

  private static func round(_ value: Double) -> Double { (value * 100).rounded() / 100 }

  private static func number(_ value: JSONValue?) -> String {
    switch value {
    case .number(let number): "\(round(number))"
    case .integer(let number): "\(number)"
    default: "-"
    }
  }

  private static func megabytes(_ value: JSONValue?) -> String {
    if case .number(let bytes) = value { "\(round(bytes / 1e6))" } else { "-" }
  }
}
