internal import GRPCTransport
internal import OpenSSLCrypto
package import StreamingJSON

/// How far a measurement is.
package struct CertificateLoadProgress: Sendable {
  /// Time since its start.
  package let elapsed: Duration
  /// How long requests are sent.
  package let duration: Duration
  /// Certificates that came so far.
  package let signed: Int
  /// Calls that failed so far.
  package let failed: Int
  /// Certificates of the last second.
  package let rate: Int
  /// The 99th percentile so far, in milliseconds.
  package let p99: Double
}

/// What the calls of a measurement came to.
struct CertificateLoadCounts: Sendable {
  /// Of the calls that got a certificate.
  private(set) var latencies = Latencies()
  private(set) var errors: [String: Int] = [:]
  /// When the last answer came, from the start.
  private(set) var lastAnswer = Duration.zero

  var signed: Int { Int(clamping: latencies.count) }
  var failed: Int { errors.values.reduce(0, +) }

  mutating func record(_ code: GRPCStatus.Code, after latency: Duration, at time: Duration) {
    lastAnswer = max(lastAnswer, time)
    if code == .ok {
      latencies.record(latency)
    } else {
      errors["\(code)", default: 0] += 1
    }
  }
}

/// The outcome of a measurement.
package struct CertificateLoadReport: Sendable {
  /// What was asked for.
  package let configuration: CertificateLoadConfiguration
  let counts: CertificateLoadCounts
  let server: (before: ProcessUsage, after: ProcessUsage)?
  let generator: (before: ProcessUsage, after: ProcessUsage)?

  /// How long each certificate took to come.
  package var latencies: Latencies { counts.latencies }
  /// Certificates that came.
  package var signed: Int { counts.signed }
  /// Calls that failed, by the name of their status.
  package var errors: [String: Int] { counts.errors }
  /// Certificates a second, from the start to the last answer.
  package var rate: Double {
    let elapsed = max(configuration.duration, counts.lastAnswer) / .seconds(1)
    return elapsed > 0 ? Double(signed) / elapsed : 0
  }

  /// Says in words when requests were sent.
  package var pace: String {
    switch configuration.pace {
    case .open(let rate): "open loop, \(rate.shortText) requests/s due"
    case .closed(let outstanding):
      "closed loop, \(outstanding) requests outstanding: the highest sustained rate"
    }
  }

  /// Says in words how requests reached the server.
  package var connections: String {
    switch configuration.connections {
    case .kept(let count): "\(count) kept"
    case .fresh: "one for each request"
    }
  }

  /// The report for machines.
  package var json: JSONValue {
    var report: JSONValue = [
      "pace": .string(pace),
      "connections": .string(connections),
      "key_type": .string(configuration.keyType.rawValue),
      "different_requests": .integer(Int64(configuration.requestCount)),
      "duration_s": .number(configuration.duration / .seconds(1)),
      "signed": .integer(Int64(signed)),
      "rate_per_s": .number((rate * 10).rounded() / 10),
      "latency": latencies.json,
    ]
    var failures = JSONObject()
    for (name, count) in errors.sorted(by: { $0.key < $1.key }) {
      failures[name] = .integer(Int64(count))
    }
    report["errors"] = .object(failures)
    report["server"] = server.map(usage)
    report["generator"] = generator.map(usage)
    return report
  }

  private func usage(_ pair: (before: ProcessUsage, after: ProcessUsage)) -> JSONValue {
    var result = pair.after.json(since: pair.before)
    if signed > 0 {
      let seconds = pair.after.cpuSeconds - pair.before.cpuSeconds
      result["cpu_us_per_certificate"] = .number((seconds * 1e6 / Double(signed)).rounded())
    }
    return result
  }
}

extension Double {
  /// Without a fraction where there is none.
  fileprivate var shortText: String {
    Int(exactly: self).map(String.init) ?? String(self)
  }
}
