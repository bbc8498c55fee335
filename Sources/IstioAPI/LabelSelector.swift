package import StreamingJSON

/// Chooses objects by their labels, as Kubernetes does.
package struct LabelSelector: Hashable, Sendable {
  /// Labels.
  package var matchLabels: [String: String]
  /// K8s selector expressions.
  package var matchExpressions: [LabelSelectorRequirement]

  /// Creates a value; what is left out is as if it were not written.
  package init(
    matchLabels: [String: String] = [:],
    matchExpressions: [LabelSelectorRequirement] = []
  ) {
    self.matchLabels = matchLabels
    self.matchExpressions = matchExpressions
  }
}

extension LabelSelector {
  /// Whether labels fulfil every condition; a selector without any selects everything
  /// (<https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/>).
  package func selects(_ labels: [String: String]) -> Bool {
    matchLabels.allSatisfy { labels[$0.key] == $0.value }
      && matchExpressions.allSatisfy { $0.holds(for: labels) }
  }
}

extension LabelSelectorRequirement {
  /// Whether labels fulfil the condition; one with an unknown operator never holds.
  func holds(for labels: [String: String]) -> Bool {
    switch self.operator {
    case "In": labels[key].map(values.contains) ?? false
    case "NotIn": !(labels[key].map(values.contains) ?? false)
    case "Exists": labels[key] != nil
    case "DoesNotExist": labels[key] == nil
    default: false
    }
  }
}

extension LabelSelector: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "matchLabels": matchLabels = try reader.readStringMap()
      case "matchExpressions": matchExpressions = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// One condition on a label.
package struct LabelSelectorRequirement: Hashable, Sendable {
  /// Label key.
  package var key: String
  /// In / NotIn / Exists / DoesNotExist.
  package var `operator`: String
  /// Values.
  package var values: [String]

  /// Creates a value; what is left out is as if it were not written.
  package init(key: String = "", `operator`: String = "", values: [String] = []) {
    self.key = key
    self.operator = `operator`
    self.values = values
  }
}

extension LabelSelectorRequirement: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "key": self.key = try reader.read()
      case "operator": self.operator = try reader.read()
      case "values": values = try reader.readStrings()
      default: try reader.skipUnknownField()
      }
    }
  }
}
