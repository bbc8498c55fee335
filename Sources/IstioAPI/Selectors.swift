package import StreamingJSON

/// Chooses workloads by their labels, in networking kinds.
package struct WorkloadSelector: Hashable, Sendable {
  /// Labels.
  package var labels: [String: String]

  /// Creates a value; what is left out is as if it were not written.
  package init(labels: [String: String] = [:]) {
    self.labels = labels
  }
}

extension WorkloadSelector: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "labels": labels = try reader.readStringMap()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// Chooses workloads by their labels, in policy kinds.
package struct PolicySelector: Hashable, Sendable {
  /// Labels.
  package var matchLabels: [String: String]

  /// Creates a value; what is left out is as if it were not written.
  package init(matchLabels: [String: String] = [:]) {
    self.matchLabels = matchLabels
  }
}

extension PolicySelector: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "matchLabels": matchLabels = try reader.readStringMap()
      default: try reader.skipUnknownField()
      }
    }
  }
}
