internal import ArgumentParser
internal import LoadGenerator
internal import OpenSSLCrypto
internal import StreamingJSON

extension CertificateLoadProgress {
  /// The progress as one line.
  var text: String {
    let left = max(.zero, duration - elapsed).components.seconds
    return "\(signed) signed, \(rate)/s, p99 \(p99) ms, \(failed) failed, \(left) s left"
  }
}

extension CertificateLoadError {
  /// The code of sysexits.h.
  var exitCode: ExitCode {
    switch self {
    case .unusableInput: ExitCode(65)
    case .unreachable: ExitCode(69)
    case .refused: ExitCode(77)
    case .unusableAnswer: ExitCode(76)
    }
  }
}

extension CertificateLoadReport {
  /// The report for people.
  var table: String {
    let json = json
    var table = TextTable(["WHAT", "VALUE"])
    table.add(["pace", pace])
    table.add(["connections", connections])
    table.add(["keys", "\(configuration.keyType.rawValue), \(configuration.requestCount) requests"])
    table.add(["signed", "\(signed)"])
    table.add(["rate", "\(json[at: "rate_per_s"].text)/s"])
    for (name, percent) in [("p50", 50.0), ("p90", 90), ("p99", 99)] {
      table.add([name, "\(latencies.percentile(percent)) ms"])
    }
    table.add(["max", "\(latencies.longest) ms"])
    let failures = errors.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
    table.add(["errors", failures.isEmpty ? "none" : failures.joined(separator: ", ")])
    for name in ["server", "generator"] {
      let usage = json[at: name]
      guard usage != .null else { continue }
      func number(_ key: String) -> String { usage[at: key].roundedText }
      table.add([
        name,
        "\(number("cpu_s")) s CPU, \(number("cpu_us_per_certificate")) µs a certificate, "
          + "\(number("rss_mb")) MB resident",
      ])
    }
    return table.text
  }
}

extension JSONValue {
  /// A number with at most two digits behind the point.
  fileprivate var roundedText: String {
    if case .number(let number) = self { String((number * 100).rounded() / 100) } else { text }
  }
}
