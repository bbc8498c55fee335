/// A sample of a metric.
package struct Metric: Sendable {
  package enum Kind: String, Sendable {
    case counter
    case gauge
  }

  package var name: String
  package var kind: Kind
  package var labels: [(name: String, value: String)]
  package var value: Double

  package init(
    _ name: String, _ kind: Kind, _ value: Double, labels: [(name: String, value: String)] = []
  ) {
    self.name = name
    self.kind = kind
    self.labels = labels
    self.value = value
  }
}

/// Prometheus' text format, version 0.0.4
/// (<https://prometheus.io/docs/instrumenting/exposition_formats/>).
package enum MetricsText {
  package static func format(_ metrics: [Metric]) -> String {
    var text = ""
    var previous = ""
    for metric in metrics {
      if metric.name != previous { text += "# TYPE \(metric.name) \(metric.kind.rawValue)\n" }
      previous = metric.name
      text += metric.name + labels(metric.labels) + " " + number(metric.value) + "\n"
    }
    return text
  }

  private static func labels(_ labels: [(name: String, value: String)]) -> String {
    guard !labels.isEmpty else { return "" }
    return "{" + labels.map { "\($0.name)=\"\(escape($0.value))\"" }.joined(separator: ",") + "}"
  }

  private static func escape(_ value: String) -> String {
    value.reduce(into: "") { text, character in
      switch character {
      case "\\": text += "\\\\"
      case "\"": text += "\\\""
      case "\n": text += "\\n"
      default: text.append(character)
      }
    }
  }

  private static func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
  }
}
