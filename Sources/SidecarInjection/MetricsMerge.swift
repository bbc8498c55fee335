internal import StreamingJSON

/// Scraping that finds the proxy's metrics and the application's at one port.
enum MetricsMerge {
  private static let scrape = "prometheus.io/scrape"
  private static let names = [scrape, "prometheus.io/path", "prometheus.io/port"]

  /// Points Prometheus at the agent and tells the agent where the application's metrics are.
  static func apply(to pod: inout JSONValue, statusPort: Int64) {
    let annotations = PodAnnotations(pod)
    // Who does not want to be scraped is left alone.
    if annotations[scrape].flatMap(PodAnnotations.bool) == false { return }
    var original: JSONValue = [:]
    for name in names {
      original[String(name.dropFirst("prometheus.io/".count))] =
        .string(annotations[name] ?? "")
    }
    if names.contains(where: { annotations[$0]?.isEmpty == false }) {
      let text = String(decoding: original.serialized(), as: UTF8.self)
      ProxyVariable.set(ProxyEnvironment.text(ProxyEnvironment.scrape, text), of: &pod)
    }
    for (name, value) in zip(names, ["true", "/stats/prometheus", "\(statusPort)"]) {
      pod[path: ["metadata", "annotations", name]] = .string(value)
    }
  }

  /// Gives a pod its annotations back, as the proxy was told them.
  static func undo(in pod: inout JSONValue) {
    let text = ProxyVariable.text(ProxyEnvironment.scrape, of: pod)
    let original = text.flatMap {
      try? JSONValue(parsing: $0, limits: JSONLimits(size: 1 << 16, depth: 4))
    }
    let isOurs = PodAnnotations(pod)["prometheus.io/path"] == "/stats/prometheus"
    guard original != nil || isOurs else { return }
    for name in names {
      let value = original?[String(name.dropFirst("prometheus.io/".count))]?.stringValue ?? ""
      pod[path: ["metadata", "annotations", name]] = value.isEmpty ? nil : .string(value)
    }
  }
}
